/** The command line of `npm run sandbox` and the rule for an instance's phone; the whole is in test/e2e. */
import { describe, expect, it } from 'vitest';
import { canonicalNumber, lidOf, numberOfLid } from '../../src/sandbox/contacts/numbers.ts';
import { seededRandom } from '../../src/sandbox/faults/random.ts';
import { phoneOf } from '../../src/sandbox/run/phone-player.ts';
import { readRunOptions } from '../../src/sandbox/run/run-options.ts';
import { groundTruth } from './runs/ground-truth.ts';

describe('run', () => {
  it('reads its flags, and says what is wrong with one', () => {
    expect(readRunOptions([])).toMatchObject({
      port: 3002,
      controlPort: 3001,
      gatewayPort: 3000,
      isAlone: false,
    });
    expect(readRunOptions(['--port', '0', '--no-gateway', '--data-dir', 'x'])).toMatchObject({
      port: 0,
      isAlone: true,
      dataDir: 'x',
    });
    expect(() => readRunOptions(['--port', 'http'])).toThrow('--port takes a port, not "http"');
    expect(() => readRunOptions(['--color'])).toThrow();
  });

  it('gives every instance a phone of its own that it keeps', () => {
    expect(phoneOf('first')).toBe(phoneOf('first'));
    const phones = new Set(Array.from({ length: 200 }, (_, n) => phoneOf(`instance-${n}`)));
    expect(phones.size).toBe(200);
    for (const phone of phones) expect(phone).toMatch(/^551197\d{6}1$/);
  });
});

describe('rules', () => {
  it('LIDs follow from numbers and back', () => {
    for (const number of ['5511988880001', '442071838750', '12025550123', '553188880001']) {
      expect(numberOfLid(lidOf(number))).toBe(number);
      expect(canonicalNumber(number)).toBe(number);
    }
    expect(numberOfLid('1')).toBeNull();
    for (const wrong of ['', '123', '0551198888', '5511988880000', '1234567890123456']) {
      expect(canonicalNumber(wrong)).toBeNull();
    }
  });

  it('the same seed gives the same choices', () => {
    const take = (seed: string): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random());
    };
    expect(take('a')).toEqual(take('a'));
    expect(take('a')).not.toEqual(take('b'));
    for (const value of take('c')) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('ground truth: finds what is lost, and what waits is not lost', () => {
    const entry = (id: string, state: 'acked' | 'nacked' | 'sent', error: string | null = null) => ({
      seq: 1,
      at: 0,
      account: 'a',
      device: 1,
      direction: 'toAccount' as const,
      kind: 'message',
      id,
      peer: 'p',
      type: 'text',
      state,
      sends: 1,
      acks: state === 'sent' ? 0 : 1,
      settledAt: null,
      error,
    });
    const truth = groundTruth([
      entry('1', 'acked'),
      entry('2', 'nacked', '500'),
      entry('2', 'acked'),
      entry('3', 'nacked', '487'),
      entry('4', 'sent'),
      entry('5', 'nacked', '500'),
    ]);
    expect(truth).toMatchObject({ messages: 5, acknowledged: 3, waiting: 1, lost: ['a:1:p:5'] });
  });
});

/** The rules of delivery as pure functions: statuses, delays, breaker, addresses. No time passes here. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMetadataName, refusalOf } from '../../src/network/addresses.ts';
import { afterResult, afterStart, type Breaker, closedBreaker, mayPass } from '../../src/webhook/breaker.ts';
import {
  breakerOpenMsMax,
  eventAgeMsMax,
  retryDelayMsMax,
  retryDelayMsMin,
} from '../../src/webhook/limits.ts';
import { type Outcome, retryAfterMs, retryDelayMs, rule, signOf } from '../../src/webhook/policy.ts';

const now = 1_800_000_000_000;
const answer = (httpStatus: number | null, more: Partial<Outcome> = {}): Outcome => ({
  ...{ httpStatus, error: httpStatus === null ? 'ECONNRESET' : null },
  ...{ isRefused: false, retryAfter: null, body: null, tookMs: 5, ...more },
});
const tries = { charged: 1, attemptsMax: 12, at: now, nowMs: now, random: 0.5 };

describe('rulings', () => {
  it.each([200, 201, 204, 299])('%i is delivered', (status) => {
    expect(rule(answer(status), tries).kind).toBe('delivered');
  });

  it.each([null, 408, 425, 429, 500, 502, 503, 504, 599])('%s is tried again', (status) => {
    expect(rule(answer(status), tries).kind).toBe('retry');
  });

  it.each([301, 307, 400, 401, 403, 404, 410, 413, 422])('%i is a dead letter at once', (status) => {
    expect(rule(answer(status, { body: 'why' }), tries)).toEqual({
      kind: 'dead',
      reason: `HTTP ${status}: why`,
    });
  });

  it('never tries a refused address again', () => {
    expect(rule(answer(null, { isRefused: true }), tries).kind).toBe('dead');
  });

  it('ends at the attempts allowed and at the age allowed', () => {
    expect(rule(answer(500), { ...tries, charged: 11 }).kind).toBe('retry');
    expect(rule(answer(500), { ...tries, charged: 12 }).kind).toBe('dead');
    expect(rule(answer(500), { ...tries, at: now - eventAgeMsMax }).kind).toBe('dead');
  });

  it('obeys Retry-After in seconds or as a date, within the age', () => {
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs(new Date(now + 60_000).toUTCString(), now)).toBe(60_000);
    expect(retryAfterMs(new Date(now - 60_000).toUTCString(), now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeNull();
    expect(retryAfterMs('999999999', now)).toBe(eventAgeMsMax);
    expect(rule(answer(503, { retryAfter: '120' }), tries)).toEqual({ kind: 'retry', inMs: 120_000 });
  });

  it('waits exponentially with full jitter between its bounds', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempts, random) => {
        const delay = retryDelayMs(attempts, random);
        expect(delay).toBeGreaterThanOrEqual(retryDelayMsMin);
        expect(delay).toBeLessThanOrEqual(Math.min(retryDelayMsMax, retryDelayMsMin * 2 ** attempts));
      }),
    );
  });

  it('tells a throttling origin from a failing one', () => {
    expect([429, 500, 404, 200].map((status) => signOf(answer(status)))).toEqual([
      'throttled',
      'failing',
      'fine',
      'fine',
    ]);
    expect(signOf(answer(null))).toBe('failing');
    expect(signOf(answer(null, { isRefused: true }))).toBe('fine');
  });
});

describe('breaker', () => {
  const fail = (breaker: Breaker, isProbe = false, nowMs = now): Breaker =>
    afterResult(breaker, true, { nowMs, random: 1, isProbe });
  const opened = (): Breaker => {
    let breaker = closedBreaker;
    for (let failure = 0; failure < 5; failure++) breaker = fail(breaker);
    return breaker;
  };

  it('opens after five failures in a row, and not when a success is between them', () => {
    expect(opened()).toMatchObject({ kind: 'open', openMs: 1_000 });
    let breaker = closedBreaker;
    for (let failure = 0; failure < 20; failure++) {
      breaker = fail(breaker);
      if (failure % 4 === 3) breaker = afterResult(breaker, false, { nowMs: now, random: 0, isProbe: false });
    }
    expect(breaker.kind).toBe('closed');
  });

  it('lets one probe through, opens for longer when it fails and closes when it succeeds', () => {
    const open = opened();
    expect(mayPass(open, now)).toBe(false);
    expect(mayPass(open, now + 1_000)).toBe(true);
    const probing = afterStart(open, now + 1_000);
    expect(mayPass(probing, now + 2_000)).toBe(false);
    expect(fail(probing, true)).toMatchObject({ kind: 'open', openMs: 2_000 });
    expect(fail(probing, false)).toBe(probing);
    expect(afterResult(probing, false, { nowMs: now, random: 0, isProbe: true })).toEqual(closedBreaker);
  });

  it('never stays shut for longer than its bound', () => {
    let breaker = opened();
    for (let probe = 0; probe < 30; probe++)
      breaker = fail(afterStart(breaker, Number.MAX_SAFE_INTEGER), true);
    expect(breaker).toEqual({ kind: 'open', openMs: breakerOpenMsMax, untilMs: now + breakerOpenMsMax });
  });
});

describe('addresses', () => {
  it.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:254',
    '100.100.100.200',
    'not an address',
  ])('%s is never posted to', (address) => {
    expect(refusalOf(address, null)).not.toBeNull();
  });

  it.each(['10.1.2.3', '127.0.0.1', '::1', '192.168.0.1', '169.254.1.1', 'fe80::1', '100.64.0.1', '0.0.0.0'])(
    '%s is refused only when private addresses are',
    (address) => {
      expect(refusalOf(address, null)).toBeNull();
      expect(refusalOf(address, 'WEBHOOK_DENY_PRIVATE')).toContain('WEBHOOK_DENY_PRIVATE');
    },
  );

  it('takes public addresses, and knows metadata names', () => {
    expect(refusalOf('93.184.216.34', 'WEBHOOK_DENY_PRIVATE')).toBeNull();
    expect(refusalOf('2606:2800:220:1::1', 'WEBHOOK_DENY_PRIVATE')).toBeNull();
    expect(isMetadataName('Metadata.Google.Internal.')).toBe(true);
    expect(isMetadataName('example.com')).toBe(false);
  });
});

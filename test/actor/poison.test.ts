/** Poison messages and dead letters: what is remembered, for how long, and how much of it. */
import { expect, test } from 'vitest';
import { DeadLetters } from '../../src/actor/dead-letters.ts';
import { deadLetterSamplesMax, poisonEntriesMax, poisonMemoryMs } from '../../src/actor/limits.ts';
import { PoisonLedger } from '../../src/actor/poison.ts';
import { createLog } from '../../src/log.ts';
import { FakeClock } from './fake-clock.ts';

const message = (number: number) => ({ kind: 'Add', number, bytes: new Uint8Array([number & 255]) });

test('a message is set aside at its second crash, told by content, and forgiven later', () => {
  const clock = new FakeClock();
  const ledger = new PoisonLedger(clock);
  expect([ledger.blame(message(1)), ledger.isSetAside(message(1))]).toEqual([false, false]);
  expect([ledger.blame(message(1)), ledger.isSetAside(message(1))]).toEqual([true, true]);
  expect(ledger.isSetAside(message(2))).toBe(false);
  clock.advance(poisonMemoryMs);
  expect(ledger.isSetAside(message(1))).toBe(false);
});

test('what is not data can be blamed without harm, and is never set aside', () => {
  const ledger = new PoisonLedger(new FakeClock());
  const closure = { kind: 'Run', work: () => 1 };
  expect([ledger.blame(closure), ledger.blame(closure), ledger.isSetAside(closure)]).toEqual([
    false,
    false,
    false,
  ]);
});

test('the ledger is bounded and forgets the oldest', () => {
  const ledger = new PoisonLedger(new FakeClock());
  for (let number = 0; number <= poisonEntriesMax; number++) ledger.blame(message(number));
  expect(ledger.size).toBe(poisonEntriesMax);
  expect(ledger.blame(message(1))).toBe(true);
  expect(ledger.blame(message(0))).toBe(false);
});

test('dead letters are all counted and the latest kept, without their content', () => {
  const box = new DeadLetters(new FakeClock(), createLog('silent'));
  for (let number = 0; number < 100; number++) box.add('late', `actor ${number}`, 'Add');
  expect(box.counts()).toEqual({ late: 100 });
  expect(box.samples('late')).toHaveLength(deadLetterSamplesMax);
  expect(box.samples('late').at(-1)).toMatchObject({ actor: 'actor 99', kind: 'Add', reason: 'late' });
});

/** Sequences: order, uniqueness over shards, time, and clocks that step back. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeSeq, SequenceClock, seqTimeMs } from '../../src/store/sequence.ts';

const now = 1_800_000_000_000;

it('grows strictly, whatever the wall clock does', () => {
  const steps = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 63 }), (deltas, shard) => {
      const clock = new SequenceClock(shard);
      let wall = now;
      let last = 0;
      for (const delta of deltas) {
        wall += delta;
        const seq = clock.next(wall);
        expect(seq).toBeGreaterThan(last);
        expect(seq % 64).toBe(shard);
        expect(Number.isSafeInteger(seq)).toBe(true);
        last = seq;
      }
    }),
  );
});

it('carries its time, and is a safe integer until 2094', () => {
  expect(seqTimeMs(new SequenceClock(5).next(now))).toBe(now);
  expect(seqTimeMs(makeSeq(now, 63, 63))).toBe(now);
  expect(Number.isSafeInteger(makeSeq(Date.UTC(2094, 0), 63, 63))).toBe(true);
  expect(makeSeq(now, 63, 63)).toBeLessThan(makeSeq(now + 1, 0, 0));
});

it('starts after what the store has', () => {
  const clock = new SequenceClock(2);
  const stored = makeSeq(now + 60_000, 7, 9);
  clock.observe(stored);
  expect(clock.next(now)).toBeGreaterThan(stored);
});

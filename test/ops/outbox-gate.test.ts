/** Who is held back when undelivered events pile up: the policy, pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Holds, judgeHolds, noHolds } from '../../src/directory/outbox-gate.ts';

const limits = { perInstance: 100, total: 250 };
const judge = (pending: Record<string, number>, before: Holds = noHolds): Holds =>
  judgeHolds(new Map(Object.entries(pending)), before, limits);

describe('instances are held', () => {
  it('from their own limit until they are at 80 % of it', () => {
    expect([...judge({ a: 99 }).held]).toEqual([]);
    const full = judge({ a: 100, b: 10 });
    expect([...full.held]).toEqual(['a']);
    expect([...judge({ a: 81 }, full).held]).toEqual(['a']);
    expect([...judge({ a: 80 }, full).held]).toEqual([]);
  });

  it('when all together are over the reserve: those with more than their part of it', () => {
    const scarce = judge({ a: 90, b: 90, c: 69, d: 1 });
    expect(scarce.isScarce).toBe(true);
    expect([...scarce.held]).toEqual(['a', 'b', 'c']);
    const easing = judge({ a: 60, b: 90, c: 40, d: 11 }, scarce);
    expect([...easing.held]).toEqual(['a', 'b']);
    expect(judge({ a: 60, b: 70, c: 40, d: 11 }, easing)).toEqual(noHolds);
  });

  it('never none when all together are over, never one that has nothing', () => {
    const counts = fc.dictionary(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 200 }), {
      maxKeys: 20,
    });
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 10 }), (rounds) => {
        let holds = noHolds;
        for (const pending of rounds) {
          holds = judge(pending, holds);
          const total = Object.values(pending).reduce((sum, count) => sum + count, 0);
          if (total >= limits.total) expect(holds.held.size).toBeGreaterThan(0);
          for (const id of holds.held) expect(pending[id]).toBeGreaterThan(0);
          for (const [id, count] of Object.entries(pending))
            if (count >= limits.perInstance) expect(holds.held.has(id)).toBe(true);
        }
      }),
    );
  });
});

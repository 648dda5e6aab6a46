/** Placement: stable over restarts, even over shards, sound when the number of shards changed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leastLoaded, planPlacement, proposeMoves } from '../../src/actor/placement.ts';

const load = (shard: number, instances: number, elu = 0) => ({ shard, instances, elu });

describe('the least loaded shard', () => {
  test('has the fewest instances', () => expect(leastLoaded([load(0, 3), load(1, 2), load(2, 4)])).toBe(1));
  test('of equals is the coolest', () => expect(leastLoaded([load(0, 2, 0.5), load(1, 2, 0.2)])).toBe(1));
  test('is never a hot one while there is a cool one', () => {
    expect(leastLoaded([load(0, 1, 0.95), load(1, 9, 0.4)])).toBe(1);
    expect(leastLoaded([load(0, 1, 0.95), load(1, 9, 0.9)])).toBe(0);
  });
});

const remembered = fc
  .uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 })
  .chain((names) =>
    fc.tuple(
      ...names.map((instance) =>
        fc.record({ instance: fc.constant(instance), shard: fc.option(fc.nat(12), { nil: undefined }) }),
      ),
    ),
  );

describe('the plan at start', () => {
  test('keeps every remembered shard that exists, places the rest, and is the same on the next start', () => {
    fc.assert(
      fc.property(remembered, fc.integer({ min: 1, max: 8 }), (list, shards) => {
        const plan = planPlacement(list, shards);
        const anew = new Set(plan.placedAnew);
        for (const { instance, shard } of list) {
          const isKept = shard !== undefined && shard < shards;
          expect(anew.has(instance)).toBe(!isKept);
          if (isKept) expect(plan.shards.get(instance)).toBe(shard);
          expect(plan.shards.get(instance)).toBeLessThan(shards);
        }
        const again = planPlacement(
          [...plan.shards].map(([instance, shard]) => ({ instance, shard })),
          shards,
        );
        expect([again.shards, again.placedAnew]).toEqual([plan.shards, []]);
      }),
    );
  });

  test('spreads newcomers evenly', () => {
    const list = Array.from({ length: 10 }, (_, index) => ({ instance: `i${index}`, shard: undefined }));
    const counts = [0, 0, 0];
    for (const shard of planPlacement(list, 3).shards.values()) counts[shard] = (counts[shard] ?? 0) + 1;
    expect(counts.sort()).toEqual([3, 3, 4]);
  });
});

test('proposed moves even the shards out and move no instance twice', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 50 }), (owners) => {
      const placed = new Map(owners.map((shard, index) => [`i${index}`, shard]));
      const moves = proposeMoves(placed, 4);
      expect(new Set(moves.map(({ instance }) => instance)).size).toBe(moves.length);
      for (const { instance, from, to } of moves) {
        expect(placed.get(instance)).toBe(from);
        placed.set(instance, to);
      }
      const counts = [0, 1, 2, 3].map(
        (shard) => [...placed.values()].filter((owner) => owner === shard).length,
      );
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

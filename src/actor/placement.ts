/**
 * Which shard owns an instance: pure functions over remembered placements and measured load.
 * Called at creation and at start by the composition root. An instance that has a living shard is never
 * moved by this file; only an explicit `move` does that.
 */
import { assert } from '../assert.ts';

export interface ShardLoad {
  readonly shard: number;
  /** Instances placed on it, open or not. */
  readonly instances: number;
  /** Event-loop utilization, 0 to 1, over the last window; 0 when unknown. */
  readonly elu: number;
}

export interface Remembered {
  readonly instance: string;
  /** The shard that the store remembers; undefined for one that was never placed. */
  readonly shard: number | undefined;
}

export interface PlacementPlan {
  /** Every instance and its shard from now on. */
  readonly shards: ReadonlyMap<string, number>;
  /** Those whose shard differs from the remembered one, and so must be written back. */
  readonly placedAnew: readonly string[];
}

/** A shard beyond this utilization is passed over while a cooler one exists. */
export const hotElu = 0.85;

/**
 * Least loaded: cool before hot, then fewest instances, then lowest utilization, then lowest number.
 * Utilization does not lead, because an idle minute on one shard would otherwise draw every newcomer to it.
 */
export function leastLoaded(loads: readonly ShardLoad[]): number {
  assert(loads.length > 0, 'placement needs at least one shard');
  let best = loads[0] as ShardLoad;
  for (const load of loads) if (isLighter(load, best)) best = load;
  return best.shard;
}

function isLighter(a: ShardLoad, b: ShardLoad): boolean {
  const isHotA = a.elu >= hotElu;
  if (isHotA !== b.elu >= hotElu) return !isHotA;
  if (a.instances !== b.instances) return a.instances < b.instances;
  if (a.elu !== b.elu) return a.elu < b.elu;
  return a.shard < b.shard;
}

/**
 * The placement at start. Remembered shards below `shards` stand; the rest (new, or left over from a larger
 * `SHARDS`) go to the least loaded one after another. More shards than before move nothing by themselves.
 */
export function planPlacement(remembered: readonly Remembered[], shards: number): PlacementPlan {
  assert(Number.isInteger(shards) && shards > 0, `shards must be a positive integer, got ${shards}`);
  const counts = new Array<number>(shards).fill(0);
  const placed = new Map<string, number>();
  for (const { instance, shard } of remembered) {
    if (shard === undefined || !isShard(shard, shards)) continue;
    placed.set(instance, shard);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  const placedAnew: string[] = [];
  for (const { instance } of remembered) {
    if (placed.has(instance)) continue;
    const shard = leastLoaded(counts.map((instances, index) => ({ shard: index, instances, elu: 0 })));
    placed.set(instance, shard);
    counts[shard] = (counts[shard] ?? 0) + 1;
    placedAnew.push(instance);
  }
  return { shards: placed, placedAnew };
}

const isShard = (shard: number, shards: number): boolean =>
  Number.isInteger(shard) && shard >= 0 && shard < shards;

export interface Move {
  readonly instance: string;
  readonly from: number;
  readonly to: number;
}

/** Moves that even the shards out to within one instance: a proposal for an operator, never automatic. */
export function proposeMoves(placed: ReadonlyMap<string, number>, shards: number): Move[] {
  const owned = Array.from({ length: shards }, (): string[] => []);
  for (const [instance, shard] of placed) owned[shard]?.push(instance);
  const moves: Move[] = [];
  for (;;) {
    const from = owned.reduce(
      (best, list, index) => (list.length > (owned[best]?.length ?? 0) ? index : best),
      0,
    );
    const to = owned.reduce(
      (best, list, index) => (list.length < (owned[best]?.length ?? 0) ? index : best),
      0,
    );
    const [richest, poorest] = [owned[from], owned[to]];
    if (!richest || !poorest || richest.length - poorest.length <= 1) return moves;
    const instance = richest.pop() as string;
    poorest.push(instance);
    moves.push({ instance, from, to });
  }
}

/**
 * Event sequences: safe integers that grow in time and are unique across shards. Bits, high to low:
 * 41 of milliseconds since 2025-01-01 (until 2094), 6 of tick within the millisecond, 6 of shard.
 * Shards make them; the store and the webhook actor only read their time. Never built by hand elsewhere.
 */
import { assert } from '../assert.ts';

const epochMs = 1_735_689_600_000;
const ticksPerMs = 64;
export const sequenceShardsMax = 64;
const unitsPerMs = ticksPerMs * sequenceShardsMax;

/** The sequence of tick 0 of shard `shard` at `ms`; all sequences made before `ms` are smaller. */
export function makeSeq(ms: number, tick: number, shard: number): number {
  assert(shard >= 0 && shard < sequenceShardsMax, `shard ${shard} is below ${sequenceShardsMax}`);
  return (Math.max(0, ms - epochMs) * ticksPerMs + tick) * sequenceShardsMax + shard;
}

/** When the sequence was made, ms since the Unix epoch (ahead of the clock after a burst). */
export const seqTimeMs = (seq: number): number => Math.floor(seq / unitsPerMs) + epochMs;

/** A hybrid clock: follows the wall clock, never steps back, never repeats. One a shard thread. */
export class SequenceClock {
  readonly #shard: number;
  /** Ticks since the epoch of the last sequence. */
  #ticks = 0;

  constructor(shard: number) {
    assert(shard >= 0 && shard < sequenceShardsMax, `shard ${shard} is below ${sequenceShardsMax}`);
    this.#shard = shard;
  }

  next(nowMs: number): number {
    const wall = Math.max(0, Math.floor(nowMs) - epochMs) * ticksPerMs;
    this.#ticks = Math.max(this.#ticks + 1, wall);
    return this.#ticks * sequenceShardsMax + this.#shard;
  }

  /** Everything made from now on is greater than `seq`: feed it the store's `lastSeq` at start. */
  observe(seq: number): void {
    this.#ticks = Math.max(this.#ticks, Math.floor(seq / sequenceShardsMax));
  }
}

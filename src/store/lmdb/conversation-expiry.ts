/**
 * Retention of messages, by age and by count of an instance: the oldest go first, a bounded number a call. How
 * many there are is counted once and then kept up from the newest; what came in below it (history) is counted
 * at the next full count. Called by one thread (main) on a timer.
 */
import { yieldTurn } from '../../clock.ts';
import { expireBatchMax, type MessageRetention } from '../retention.ts';
import { type Placed, readByTime, secondOf } from './conversation-layout.ts';
import { removalRows, tellGone } from './conversation-removal.ts';
import { type Environment, refresh, writeRows } from './databases.ts';
import { afterKey, afterPrefix, keyOf, readText } from './keys.ts';
import { keysIn, lastKeyBelow } from './range.ts';

interface Counted {
  count: number;
  /** Up to and with this key of `messagesByTime`. */
  upTo: Uint8Array;
  readonly sinceMs: number;
}

const recountPeriodMs = 24 * 3_600_000;
/** Messages whose row is gone already: they would hold the walk up. */
const all = Number.MAX_SAFE_INTEGER;

export class ConversationExpiry {
  readonly #env: Environment;
  readonly #retention: MessageRetention;
  readonly #counted = new Map<string, Counted>();

  constructor(env: Environment, retention: MessageRetention) {
    this.#env = env;
    this.#retention = retention;
  }

  /** Answers how many messages went: at most `expireBatchMax`. */
  async run(nowMs: number): Promise<number> {
    const { ageMs, countMax } = this.#retention;
    if (ageMs === null && countMax === null) return 0;
    refresh(this.#env);
    let gone = 0;
    for (const key of keysIn(this.#env.db.configs, {
      start: Buffer.alloc(1),
      end: afterPrefix(Buffer.alloc(0)),
      limit: all,
    })) {
      const instance = readText(key, 0).text;
      gone += await this.#runInstance(instance, nowMs, expireBatchMax - gone);
      if (gone >= expireBatchMax) return gone;
      await yieldTurn();
    }
    return gone;
  }

  async #runInstance(instance: string, nowMs: number, most: number): Promise<number> {
    refresh(this.#env);
    const doomed = this.#aged(instance, nowMs, most);
    const room = most - doomed.length;
    const excess = room > 0 ? this.#excess(instance, nowMs) - doomed.length : 0;
    if (excess > 0) doomed.push(...this.#oldest(instance, doomed.length, Math.min(excess, room)));
    await tellGone(this.#env, doomed);
    const rows = doomed.flatMap((at) => removalRows(this.#env, at, { isErased: false, nowMs }));
    await writeRows(this.#env, rows);
    const counted = this.#counted.get(instance);
    if (counted) counted.count -= doomed.length;
    return doomed.length;
  }

  #aged(instance: string, nowMs: number, limit: number): Placed[] {
    const { ageMs } = this.#retention;
    if (ageMs === null) return [];
    return this.#walk(instance, keyOf(instance, secondOf(nowMs - ageMs)), limit);
  }

  #oldest(instance: string, skipped: number, count: number): Placed[] {
    return this.#walk(instance, afterPrefix(keyOf(instance)), skipped + count).slice(skipped);
  }

  #walk(instance: string, end: Uint8Array, limit: number): Placed[] {
    const start = keyOf(instance);
    const keys = keysIn(this.#env.db.messagesByTime, { start, end, limit });
    return keys.map((key) => readByTime(key, instance, start.length));
  }

  #excess(instance: string, nowMs: number): number {
    const { countMax } = this.#retention;
    return countMax === null ? 0 : this.#count(instance, nowMs) - countMax;
  }

  #count(instance: string, nowMs: number): number {
    const db = this.#env.db.messagesByTime;
    const last = lastKeyBelow(db, keyOf(instance));
    if (!last) return 0;
    const known = this.#counted.get(instance);
    const isFresh = known !== undefined && nowMs - known.sinceMs < recountPeriodMs;
    const start = isFresh ? afterKey(known.upTo) : keyOf(instance);
    const end = afterKey(last);
    const more = Buffer.compare(start, end) < 0 ? db.getKeysCount({ start, end }) : 0;
    const count = (isFresh ? known.count : 0) + more;
    const upTo = isFresh && Buffer.compare(known.upTo, last) > 0 ? known.upTo : Uint8Array.from(last);
    this.#counted.set(instance, { count, upTo, sinceMs: isFresh ? known.sinceMs : nowMs });
    return count;
  }
}

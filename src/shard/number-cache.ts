/**
 * Number checks of one shard: a bounded cache in front of WhatsApp's directory. One query at a time for a
 * number (single flight); numbers asked in the same turn share a query; misses are kept for a shorter time.
 */
import { LRUCache } from 'lru-cache';
import { present } from '../assert.ts';
import type { NumberResult } from '../protocol/message.ts';

export interface NumberCacheOptions {
  readonly entriesMax: number;
  readonly ttlMs: number;
  /** For numbers that are not on WhatsApp. */
  readonly missTtlMs: number;
}

export type QueryNumbers = (numbers: readonly string[]) => Promise<readonly NumberResult[]>;

export class NumberCache {
  #known: LRUCache<string, NumberResult>;
  #flying = new Map<string, Promise<NumberResult>>();
  #missTtlMs: number;
  hits = 0;
  misses = 0;

  constructor(options: NumberCacheOptions) {
    this.#known = new LRUCache({ max: options.entriesMax, ttl: options.ttlMs });
    this.#missTtlMs = Math.min(options.missTtlMs, options.ttlMs);
  }

  get size(): number {
    return this.#known.size;
  }

  clear(): number {
    const cleared = this.#known.size;
    this.#known.clear();
    return cleared;
  }

  /** `digits` are normalised numbers; one result each, in order. `query` gets only what is not known. */
  async check(digits: readonly string[], query: QueryNumbers): Promise<readonly NumberResult[]> {
    const known = digits.map((one) => this.#known.get(one));
    const missing = digits.filter((_, index) => known[index] === undefined);
    this.hits += digits.length - missing.length;
    this.misses += missing.length;
    const unasked = [...new Set(missing)].filter((one) => !this.#flying.has(one));
    if (unasked.length > 0) this.#fly(unasked, query);
    return Promise.all(
      digits.map((one, index) => {
        const result = known[index];
        return result ? { ...result, cached: true } : present(this.#flying.get(one), 'asked above');
      }),
    );
  }

  #fly(numbers: readonly string[], query: QueryNumbers): void {
    const answers = query(numbers).then((results) => {
      const byInput = new Map(results.map((result) => [result.input, result]));
      for (const result of results)
        this.#known.set(result.input, result, result.exists ? {} : { ttl: this.#missTtlMs });
      return byInput;
    });
    for (const one of numbers)
      this.#flying.set(
        one,
        answers.then((byInput) => byInput.get(one) ?? absent(one)),
      );
    for (const one of numbers) {
      const flight = present(this.#flying.get(one), 'set in the loop above');
      flight.then(undefined, () => undefined).finally(() => this.#flying.delete(one));
    }
  }
}

const absent = (input: string): NumberResult => ({
  input,
  exists: false,
  jid: null,
  pn: null,
  lid: null,
  cached: false,
});

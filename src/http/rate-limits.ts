/**
 * Rate limits by class of operation (REQUIREMENTS S1, DECISIONS 19). Counts live in memory, in tables of a
 * hard size; who has shown no valid key is counted apart, so that a flood of strangers cannot push out the
 * counts of callers. Called by the pipeline before the answer exists; never delays a request.
 */
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { RateLimit } from '../setting.ts';
import { anonymousClientsMax, limitedCallersMax } from './limits.ts';

export type RateClass = keyof Config['rateLimits'];

export interface RateVerdict {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
  readonly isOver: boolean;
}

export interface RateLimits {
  /** Counts one request; undefined where the class is off. */
  count(rateClass: RateClass, key: string): Promise<RateVerdict | undefined>;
  /** The same for a client without a valid key, in the `global` class. */
  countAnonymous(ip: string): Promise<RateVerdict | undefined>;
}

class LimitTable {
  readonly #limit: RateLimit;
  readonly #limiter: RateLimiterMemory;
  readonly #known: LRUCache<string, true>;

  constructor(limit: RateLimit, keysMax: number) {
    this.#limit = limit;
    this.#limiter = new RateLimiterMemory({ points: limit.points, duration: limit.periodMs / 1_000 });
    this.#known = new LRUCache({ max: keysMax, dispose: (_, key) => void this.#limiter.delete(key) });
  }

  async count(key: string): Promise<RateVerdict> {
    if (this.#known.get(key) === undefined) this.#known.set(key, true);
    try {
      return this.#verdict(await this.#limiter.consume(key), false);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return this.#verdict(refusal, true);
      throw refusal;
    }
  }

  #verdict(result: RateLimiterRes, isOver: boolean): RateVerdict {
    const { points } = this.#limit;
    return { limit: points, remaining: result.remainingPoints, resetMs: result.msBeforeNext, isOver };
  }
}

const table = (limit: RateLimit | null, keysMax: number): LimitTable | undefined =>
  limit === null ? undefined : new LimitTable(limit, keysMax);

export function createRateLimits(limits: Config['rateLimits']): RateLimits {
  const tables: Record<RateClass, LimitTable | undefined> = {
    messages: table(limits.messages, limitedCallersMax),
    instances: table(limits.instances, limitedCallersMax),
    queries: table(limits.queries, limitedCallersMax),
    global: table(limits.global, limitedCallersMax),
  };
  const anonymous = table(limits.global, anonymousClientsMax);
  return {
    count: async (rateClass, key) => tables[rateClass]?.count(key),
    countAnonymous: async (ip) => anonymous?.count(ip),
  };
}

/** The header fields of a verdict; the reset is in whole seconds from now. */
export function rateHeaders(verdict: RateVerdict): Record<string, string> {
  return {
    'ratelimit-limit': String(verdict.limit),
    'ratelimit-remaining': String(verdict.remaining),
    'ratelimit-reset': String(Math.max(0, Math.ceil(verdict.resetMs / 1_000))),
  };
}

export function rateLimited(verdict: RateVerdict, name: RateClass): AppError {
  return new AppError(
    'rate_limited',
    `the limit of ${verdict.limit} requests of class "${name}" is used up; it resets in ${Math.ceil(verdict.resetMs / 1_000)} s`,
    { retryAfterMs: verdict.resetMs },
  );
}

/**
 * Does the number cache keep WhatsApp from being asked? A million seeded draws from 100,000 numbers by Zipf's
 * law (s = 1.0), cold, on a cache of the default size and lifetime.
 */
import type { NumberResult } from '../src/protocol/message.ts';
import { NumberCache } from '../src/shard/number-cache.ts';
import { printBars, printTable, writeResults } from './lib/report.ts';

const numbers = 100_000;
const drawsAtOnce = 50;
const ttlMs = 4 * 3_600_000;
const seed = 20_261_123;

/** Mulberry32. */
function random(state: number): () => number {
  let at = state;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Cumulative weights 1/rank. */
function zipf(): Float64Array {
  const sums = new Float64Array(numbers);
  for (let rank = 1, sum = 0; rank <= numbers; rank++) {
    sum += 1 / rank;
    sums[rank - 1] = sum;
  }
  return sums;
}

function drawer(): () => string {
  const [sums, next] = [zipf(), random(seed)];
  const total = sums[numbers - 1] ?? 0;
  return () => {
    const wanted = next() * total;
    let [low, high] = [0, numbers - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return `5511${String(900_000_000 + low)}`;
  };
}

export async function bench(isShort: boolean): Promise<boolean> {
  const draws = isShort ? 100_000 : 1_000_000;
  const cache = new NumberCache({ entriesMax: numbers, ttlMs, missTtlMs: 600_000 });
  const asked = new Map<string, number>();
  let queries = 0;
  const query = async (unknown: readonly string[]): Promise<readonly NumberResult[]> => {
    queries += 1;
    for (const one of unknown) asked.set(one, (asked.get(one) ?? 0) + 1);
    await null;
    return unknown.map((input) => ({
      input,
      exists: true,
      jid: `${input}@s.whatsapp.net`,
      pn: null,
      lid: null,
      cached: false,
    }));
  };
  const draw = drawer();
  const start = performance.now();
  for (let done = 0; done < draws; done += drawsAtOnce)
    await Promise.all(Array.from({ length: drawsAtOnce }, () => cache.check([draw()], query)));
  const ms = performance.now() - start;
  const hitRate = 1 - asked.size / draws;
  const most = Math.max(...new Set(asked.values()));
  printTable(
    ['draws', 'different', 'hits', 'queries', 'most queries a number', 'us a check'],
    [
      [
        String(draws),
        String(asked.size),
        `${((cache.hits / draws) * 100).toFixed(2)} %`,
        String(queries),
        String(most),
        ((ms * 1000) / draws).toFixed(2),
      ],
    ],
  );
  const bars = [
    {
      name: 'hit rate',
      measured: cache.hits / draws,
      bound: isShort ? 0.6 : 0.8,
      sense: 'at least' as const,
    },
    { name: 'queries of one number per TTL', measured: most, bound: 1, sense: 'at most' as const },
  ];
  const areMet = printBars(bars);
  writeResults(isShort ? 'cache-short' : 'cache', {
    seed,
    numbers,
    draws,
    hitRate,
    hits: cache.hits,
    misses: cache.misses,
    queries,
    bars,
  });
  return areMet;
}

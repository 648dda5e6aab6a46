/** The number cache: single flight, one query for what is unknown, misses kept shorter, hard size limit. */
import { describe, expect, it } from 'vitest';
import type { NumberResult } from '../../src/protocol/message.ts';
import { NumberCache } from '../../src/shard/number-cache.ts';

const result = (input: string): NumberResult => {
  const exists = !input.endsWith('0');
  const jid = exists ? `${input}@s.whatsapp.net` : null;
  return { input, exists, jid, pn: exists ? input : null, lid: null, cached: false };
};

function directory() {
  const asked: string[][] = [];
  const gate = Promise.withResolvers<void>();
  const query = async (numbers: readonly string[]) => {
    asked.push([...numbers]);
    await gate.promise;
    return numbers.map(result);
  };
  return { asked, open: () => gate.resolve(), query };
}

const cacheOf = (entriesMax = 100) => new NumberCache({ entriesMax, ttlMs: 60_000, missTtlMs: 1_000 });

describe('number cache', () => {
  it('asks once for numbers that several callers want at the same time', async () => {
    const cache = cacheOf();
    const { asked, open, query } = directory();
    const both = Promise.all([cache.check(['5511111', '5511112'], query), cache.check(['5511112'], query)]);
    open();
    const [first, second] = await both;
    expect(asked).toEqual([['5511111', '5511112']]);
    expect(first.map((one) => one.input)).toEqual(['5511111', '5511112']);
    expect(second).toMatchObject([{ input: '5511112', exists: true, cached: false }]);
  });

  it('answers from the cache in order, and says so', async () => {
    const cache = cacheOf();
    const { asked, open, query } = directory();
    open();
    await cache.check(['5511111', '5511110'], query);
    const again = await cache.check(['5511110', '5511111', '5511112'], query);
    expect(again.map(({ exists, cached }) => [exists, cached])).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
    expect(asked).toEqual([['5511111', '5511110'], ['5511112']]);
    expect([cache.hits, cache.misses]).toEqual([2, 3]);
  });

  it('never holds more than its limit', async () => {
    const cache = cacheOf(10);
    const { open, query } = directory();
    open();
    await cache.check(
      Array.from({ length: 50 }, (_, index) => `55119${1_000 + index}1`),
      query,
    );
    expect(cache.size).toBe(10);
    expect(cache.clear()).toBe(10);
    expect(cache.size).toBe(0);
  });

  it('a failed query fails its callers and is asked again', async () => {
    const cache = cacheOf();
    const failing = async (): Promise<NumberResult[]> => {
      throw new Error('offline');
    };
    await expect(cache.check(['5511111'], failing)).rejects.toThrow('offline');
    const { open, query } = directory();
    open();
    await expect(cache.check(['5511111'], query)).resolves.toMatchObject([{ exists: true }]);
  });
});

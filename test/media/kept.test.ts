/** Kept files on a real disk: one fetch for all who ask, and retention by day, by instance and by bytes. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptMedia, type KeptRef, keptDir, keptFile } from '../../src/media/kept.ts';
import { KeptSweep } from '../../src/media/kept-sweep.ts';
import { requestsDir } from '../../src/media/spool.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-11-25T12:00:00Z');
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'elenco-kept-'));
  await mkdir(requestsDir(dataDir));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const refOf = (id: string, more: Partial<KeptRef> = {}): KeptRef => ({
  ...{ instance: 'one', id, remoteJid: '1@lid', participant: null, at: now, ...more },
});
const keptMedia = (more: { reserveBytes?: number; ageMs?: number | null } = {}): KeptMedia =>
  new KeptMedia({
    ...{ dataDir, ageMs: 2 * dayMs, fileMaxBytes: 1_000, reserveBytes: 0, clock: { now: () => now } },
    ...more,
  });

/** What brings a file of so many bytes into the spool, and how often it did. */
function source(bytes: number) {
  const fetched: string[] = [];
  return {
    fetched,
    async fetch(): Promise<string> {
      const id = `f${bytes}-${fetched.length}`;
      fetched.push(id);
      await writeFile(join(requestsDir(dataDir), id), Buffer.alloc(bytes));
      return id;
    },
  };
}

async function filesKept(): Promise<string[]> {
  const entries = await readdir(keptDir(dataDir), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name).slice(keptDir(dataDir).length + 1))
    .sort();
}

describe('kept files', () => {
  it('are fetched once, however many ask, and found afterwards', async () => {
    const kept = keptMedia();
    const { fetch, fetched } = source(10);
    const ref = refOf('a');
    const places = await Promise.all([1, 2, 3].map(() => kept.take(ref, fetch)));
    expect(places).toEqual(places.map(() => ({ in: 'kept', file: keptFile(ref) })));
    expect(fetched).toHaveLength(1);
    expect([await kept.has(ref), await kept.has(refOf('b'))]).toEqual([true, false]);
    expect(await filesKept()).toEqual([keptFile(ref)]);
    expect(await readdir(requestsDir(dataDir))).toEqual([]);
  });

  it('a failed fetch is told to whom it failed, and the next one tries again', async () => {
    const kept = keptMedia();
    const failing = (): Promise<string> => Promise.reject(new Error('cut off'));
    const { fetch, fetched } = source(10);
    const [first, second] = await Promise.allSettled([
      kept.take(refOf('a'), failing),
      kept.take(refOf('a'), fetch),
    ]);
    expect([first?.status, second?.status, fetched.length]).toEqual(['rejected', 'fulfilled', 1]);
  });

  it.each([
    ['too large', 1_001, {}, {}],
    ['too old', 10, { at: now - 3 * dayMs }, {}],
    ['without room beside the reserve', 10, {}, { reserveBytes: Number.MAX_SAFE_INTEGER }],
  ])('%s stay in the spool, each caller its own', async (_, bytes, more, options) => {
    const kept = keptMedia(options);
    const { fetch } = source(bytes);
    const ref = refOf('a', more);
    expect(await kept.takes(ref, bytes)).toBe(false);
    const places = await Promise.all([kept.take(ref, fetch), kept.take(ref, fetch)]);
    expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(2);
    expect(places.every((place) => place.in === 'spool')).toBe(true);
    expect(await readdir(requestsDir(dataDir))).toHaveLength(2);
  });

  it('have names that no sender chooses', () => {
    expect(keptFile(refOf('../../../etc/passwd'))).toMatch(/^2026-11-25\/one\/[\w-]{43}$/);
    expect(keptFile(refOf('a', { remoteJid: 'x' }))).not.toBe(keptFile(refOf('a', { participant: 'x' })));
  });
});

describe('retention', () => {
  const sweepOf = (maxBytes: number): KeptSweep =>
    new KeptSweep({ dataDir, ageMs: 2 * dayMs, maxBytes, isInstance: (id) => id !== 'gone' });
  async function keep(
    id: string,
    bytes: number,
    daysAgo: number,
    more: Partial<KeptRef> = {},
  ): Promise<string> {
    const file = keptFile(refOf(id, { at: now - daysAgo * dayMs, ...more }));
    const path = join(keptDir(dataDir), file);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, Buffer.alloc(bytes));
    const at = (now - daysAgo * dayMs) / 1_000 + Number(id);
    await utimes(path, at, at);
    return file;
  }

  it('removes whole days that are too old and folders of instances that are no more', async () => {
    await keep('1', 10, 3);
    await keep('2', 10, 0, { instance: 'gone' });
    const stay = [await keep('3', 10, 2), await keep('4', 20, 0)];
    const sweep = sweepOf(1_000);
    await sweep.run(now);
    expect(await filesKept()).toEqual(stay.sort());
    expect([sweep.bytes, sweep.files]).toEqual([30, 2]);
  });

  it('removes the oldest files above the limit, down to nine tenths', async () => {
    const files = [];
    for (const [id, daysAgo] of [1, 1, 0, 0, 0].entries()) files.push(await keep(`${id}`, 100, daysAgo));
    const sweep = sweepOf(400);
    await sweep.run(now);
    expect(await filesKept()).toEqual(files.slice(2).sort());
    expect([sweep.bytes, sweep.files]).toEqual([300, 3]);
    await keep('9', 50, 0);
    await sweep.run(now);
    expect([sweep.bytes, sweep.files]).toEqual([350, 4]);
  });
});

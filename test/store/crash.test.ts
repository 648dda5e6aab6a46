/**
 * Real processes: whatever was acknowledged before a `kill -9` is there afterwards, each commit whole, and
 * the folder can be opened again at once. KILLS=n makes more rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder } from './records.ts';

const writer = fileURLToPath(new URL('./fixtures/crash-writer.ts', import.meta.url));
const rounds = Number(process.env['KILLS'] ?? 3);

function startWriter(dir: string): ChildProcess {
  const child = spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Kills the writer after `count` acknowledgements and answers all that it had printed. */
async function acknowledgedBeforeKill(child: ChildProcess, count: number): Promise<number[]> {
  const seqs: number[] = [];
  const exited = once(child, 'exit');
  if (!child.stdout) throw new Error('the writer has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    seqs.push(Number(line));
    if (seqs.length === count) child.kill('SIGKILL');
  }
  await exited;
  return seqs;
}

it(`keeps every acknowledged commit over ${rounds} kills`, { timeout: 30_000 + rounds * 5_000 }, async () => {
  const dir = scratchFolder();
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const seqs = await acknowledgedBeforeKill(startWriter(dir), 150 + round * 97);
    for (const seq of seqs) acknowledged.add(seq);
    const store = await openStore(optionsFor(dir));
    for (const seq of acknowledged) {
      const event = await store.outbox.event('shop', seq);
      expect(event?.body.length, `event ${seq} of round ${round}`).toBeGreaterThan(0);
      expect(await store.sessions.creds(`i${seq}`)).toEqual(new Uint8Array([seq & 255]));
    }
    const log = await store.outbox.events('shop', 0, 1_000_000);
    expect(await store.outbox.pendingCount('shop')).toBe(log.length);
    expect(await store.outbox.pendingCount('*')).toBe(log.length);
    await store.close();
  }
  expect(acknowledged.size).toBeGreaterThan(100);
});

it('is refused to a second process while the first lives, and free once it is killed', async () => {
  const dir = scratchFolder();
  const child = startWriter(dir);
  if (!child.stdout) throw new Error('the writer has no stdout');
  await once(child.stdout, 'data');
  await expect(openStore(optionsFor(dir))).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await openStore(optionsFor(dir))).close();
});

const eraser = fileURLToPath(new URL('./fixtures/erase-writer.ts', import.meta.url));

it('ends at the next start what a kill left of a deleted chat', { timeout: 60_000 }, async () => {
  const dir = scratchFolder();
  const child = spawn(process.execPath, [eraser, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await openStore(optionsFor(dir));
  const query = { before: null, after: null, type: null, order: 'oldest', cursor: null, limit: 10 } as const;
  expect((await store.outbox.event('shop', 1))?.id).toBe('event-shop-1');
  expect(await store.conversations.chat('shop', 'doomed')).toBeUndefined();
  expect((await store.conversations.messages('shop', { ...query, chatId: 'doomed' })).items).toEqual([]);
  const left = await store.conversations.messages('shop', { ...query, chatId: null });
  expect(left.items.map(({ view }) => view.id)).toEqual(['stays']);
  await store.close();
});

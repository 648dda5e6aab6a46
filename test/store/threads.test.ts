/** Several threads of one process write at once, and what one has committed another sees on its next read. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder } from './records.ts';

const events = 500;
const writer = new URL('./fixtures/thread-writer.ts', import.meta.url);

it('takes writes of two worker threads and the main thread together', async () => {
  const dir = scratchFolder();
  const store = await openStore(optionsFor(dir));
  onTestFinished(() => store.close());
  const start = (instance: string, shard: number): Promise<unknown[]> =>
    once(new Worker(writer, { workerData: { dir, instance, shard, events } }), 'message');
  const workers = [start('a', 0), start('b', 1)];
  for (let index = 0; index < events; index++)
    await store.commit([{ to: 'creds', instance: `i${index}`, value: new Uint8Array([1]) }]);
  expect(await Promise.all(workers)).toEqual([[events], [events]]);
  expect(await store.outbox.pendingCount('*')).toBe(2 * events);
  expect((await store.outbox.events(null, 0, 10_000)).length).toBe(2 * events);
});

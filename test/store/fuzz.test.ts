/**
 * Random commits and reads against a plain model. A failure prints fast-check's seed and path; give both
 * back as FUZZ_SEED and FUZZ_PATH to replay it. FUZZ_RUNS=n makes it longer.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store, StoreWrite } from '../../src/store/ports.ts';
import { optionsFor, scratchFolder, someEvent } from './records.ts';

const instance = fc.constantFrom('a', 'ab', 'b', 'Z-_9');
const webhook = fc.constantFrom('a', 'ab', '*');
const seq = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 }),
);
const signalKey = fc.oneof(
  fc.constantFrom('session:1', 'session:10', 'pre-key:1'),
  fc.string({ unit: 'binary' }),
);
const value = fc.option(fc.uint8Array({ maxLength: 300 }));

const write: fc.Arbitrary<StoreWrite> = fc.oneof(
  fc.record({ to: fc.constant('signal' as const), instance, key: signalKey, value }),
  fc.record({ to: fc.constant('creds' as const), instance, value }),
  fc
    .tuple(instance, seq, fc.uniqueArray(webhook))
    .map(([id, at, webhooks]) => ({ to: 'event', event: someEvent(at, id), webhooks }) as const),
  fc.record({ to: fc.constant('delivered' as const), webhook, seq }),
);

/** What a reader may see, by a text key. */
type Model = Map<string, unknown>;

function apply(model: Model, change: StoreWrite): void {
  if (change.to === 'signal') model.set(`signal ${change.instance} ${change.key}`, change.value ?? undefined);
  if (change.to === 'creds') model.set(`creds ${change.instance}`, change.value ?? undefined);
  if (change.to === 'delivered') model.delete(`pending ${change.webhook} ${change.seq}`);
  if (change.to !== 'event') return;
  const { event, webhooks } = change;
  model.set(`event ${event.instance} ${event.seq}`, event);
  for (const id of webhooks) model.set(`pending ${id} ${event.seq}`, event.seq);
}

const isStorable = (change: StoreWrite): boolean => change.to !== 'signal' || !change.key.includes('\0');

async function check(store: Store, model: Model): Promise<void> {
  for (const [key, expected] of model) {
    const [kind, id = '', ...rest] = key.split(' ');
    if (kind === 'signal') expect(await store.sessions.signal(id, rest.join(' '))).toEqual(expected);
    if (kind === 'creds') expect(await store.sessions.creds(id)).toEqual(expected);
    if (kind === 'event') expect(await store.outbox.event(id, Number(rest[0]))).toEqual(expected);
  }
  for (const id of ['a', 'ab', '*']) {
    const wanted = [...model].filter(([key]) => key.startsWith(`pending ${id} `)).map(([, at]) => Number(at));
    const found = (await store.outbox.pending(id, 0, 1_000)).map((entry) => entry.seq);
    expect(found).toEqual(wanted.sort((x, y) => x - y));
  }
}

async function clear(store: Store): Promise<void> {
  for (const id of ['a', 'ab', 'b', 'Z-_9']) await store.eraseInstance(id);
}

it('answers what a plain model answers', { timeout: 300_000 }, async () => {
  const store = await openStore(optionsFor(scratchFolder()));
  const commits = fc.array(fc.array(write, { maxLength: 12 }), { maxLength: 8 });
  const property = fc.asyncProperty(commits, async (batches) => {
    await clear(store);
    const model: Model = new Map();
    for (const batch of batches) {
      if (!batch.every(isStorable)) {
        await expect(store.commit(batch)).rejects.toMatchObject({ code: 'store_failed' });
        continue;
      }
      await store.commit(batch);
      for (const change of batch) apply(model, change);
      await check(store, model);
    }
  });
  const replay = { seed: Number(process.env['FUZZ_SEED']), path: process.env['FUZZ_PATH'] ?? '' };
  const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 40) };
  await fc.assert(property, process.env['FUZZ_SEED'] ? { ...runs, ...replay } : runs);
  await store.close();
});

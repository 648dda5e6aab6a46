/** The LMDB store against the contract, and what only it does: refuse a wrong folder, finish an erasure. */

import { join } from 'node:path';
import { open } from 'lmdb';
import { expect, it, onTestFinished } from 'vitest';
import { pack } from '../../src/store/codec.ts';
import { keyOf } from '../../src/store/lmdb/keys.ts';
import { erasingKey, sentKey } from '../../src/store/lmdb/layout.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { SentRecord } from '../../src/store/ports.ts';
import { makeSeq } from '../../src/store/sequence.ts';
import { describeStore } from './contract.ts';
import {
  bytes,
  contractRetention,
  identity,
  optionsFor,
  scratchFolder,
  someConfig,
  someEvent,
  someSent,
} from './records.ts';

describeStore('LMDB', () => {
  const dir = scratchFolder();
  return () => openStore({ ...optionsFor(dir), retention: contractRetention });
});

async function writeRow(dir: string, name: string, key: Uint8Array, value: Uint8Array): Promise<void> {
  const root = open({ path: join(dir, 'store'), maxDbs: 32 });
  await root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' }).put(key, value);
  await root.close();
}

it('refuses a store that was made for another root key or host', async () => {
  const dir = scratchFolder();
  await (await openStore(optionsFor(dir))).close();
  const otherKey = { ...identity, rootKey: 'cd'.repeat(32) };
  const otherHost = { ...identity, socketHost: 'localhost:4000' };
  await expect(openStore({ ...optionsFor(dir), identity: otherKey })).rejects.toThrow(
    /WA_ROOT_KEY abab.*cdcd/,
  );
  await expect(openStore({ ...optionsFor(dir), identity: otherHost })).rejects.toThrow(/localhost:4000/);
  await (await openStore(optionsFor(dir))).close();
});

it('refuses a newer format in one line', async () => {
  const dir = scratchFolder();
  await (await openStore(optionsFor(dir))).close();
  await writeRow(dir, 'meta', keyOf('format'), pack(3));
  await expect(openStore(optionsFor(dir))).rejects.toMatchObject({
    name: 'ConfigError',
    message: 'DATA_DIR: its store has format 3, this version reads up to 2; run the newer version',
  });
});

it('reads the sent messages of format 1 and changes their state', async () => {
  const dir = scratchFolder();
  await (await openStore(optionsFor(dir))).close();
  const record = someSent('A', Date.now());
  await writeRow(dir, 'sent', sentKey('shop', 'A'), pack(record));
  await writeRow(dir, 'meta', keyOf('format'), pack(1));
  const store = await openStore(optionsFor(dir));
  onTestFinished(() => store.close());
  expect(await store.messages.sent('shop', 'A')).toEqual(record);
  const sent: SentRecord = { ...record, view: { ...record.view, status: 'sent' } };
  await store.commit([{ to: 'sent', record: sent, queued: false, previous: 'queued' }]);
  expect(await store.messages.sent('shop', 'A')).toEqual(sent);
});

it('refuses a second owner of one folder and says who has it', async () => {
  const dir = scratchFolder();
  const store = await openStore(optionsFor(dir));
  onTestFinished(() => store.close());
  await expect(openStore(optionsFor(dir))).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(`in use by process ${process.pid}`),
  });
});

it('keeps the event log for as long as the setting says', async () => {
  const store = await openStore({ ...optionsFor(scratchFolder()), eventsRetentionMs: 3_600_000 });
  onTestFinished(() => store.close());
  const now = Date.now();
  const seqs = [2, 0.5].map((hours) => makeSeq(now - hours * 3_600_000, 0, 0));
  await store.commit(seqs.map((seq) => ({ to: 'event', event: someEvent(seq), webhooks: [] }) as const));
  expect(await store.expire(now)).toBe(1);
  expect((await store.outbox.events('shop', 0, 10)).map(({ seq }) => seq)).toEqual([seqs[1]]);
});

it('finishes an erasure that a kill interrupted', async () => {
  const dir = scratchFolder();
  const first = await openStore(optionsFor(dir));
  await first.commit([
    { to: 'creds', instance: 'shop', value: bytes('c') },
    { to: 'instanceConfig', id: 'desk', value: someConfig('desk') },
  ]);
  await first.close();
  await writeRow(dir, 'meta', erasingKey('shop'), new Uint8Array(0));
  const second = await openStore(optionsFor(dir));
  onTestFinished(() => second.close());
  expect(await second.sessions.creds('shop')).toBeUndefined();
  expect((await second.instances.configs()).length).toBe(1);
});

it('waits for the disk when DURABILITY is disk', async () => {
  const store = await openStore({ ...optionsFor(scratchFolder()), durability: 'disk' });
  onTestFinished(() => store.close());
  await store.commit([{ to: 'creds', instance: 'shop', value: bytes('c') }]);
  await store.commit([]);
  expect(await store.sessions.creds('shop')).toEqual(bytes('c'));
});

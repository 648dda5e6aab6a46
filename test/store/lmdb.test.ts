/** The LMDB store against the contract, and what only it does: refuse a wrong folder, finish an erasure. */

import { join } from 'node:path';
import { open } from 'lmdb';
import { expect, it, onTestFinished } from 'vitest';
import { pack } from '../../src/store/codec.ts';
import { keyOf } from '../../src/store/lmdb/keys.ts';
import { erasingKey } from '../../src/store/lmdb/layout.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
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
} from './records.ts';

describeStore('LMDB', () => {
  const dir = scratchFolder();
  return () => openStore({ ...optionsFor(dir), retention: contractRetention });
});

async function writeMeta(dir: string, key: Uint8Array, value: Uint8Array): Promise<void> {
  const root = open({ path: join(dir, 'store'), maxDbs: 32 });
  await root.openDB({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' }).put(key, value);
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
  await writeMeta(dir, keyOf('format'), pack(2));
  await expect(openStore(optionsFor(dir))).rejects.toMatchObject({
    name: 'ConfigError',
    message: 'DATA_DIR: its store has format 2, this version reads up to 1; run the newer version',
  });
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
  await writeMeta(dir, erasingKey('shop'), new Uint8Array(0));
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

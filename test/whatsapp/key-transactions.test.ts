/** Baileys' keys: transactions, codecs and the records under them. */
import { proto, type SignalKeyStore } from '@whiskeysockets/baileys';
import { beforeEach, expect, test } from 'vitest';
import { AccountRecords } from '../../src/whatsapp/account-records.ts';
import { createAuthKeys } from '../../src/whatsapp/auth-keys.ts';
import { generateCurveKeyPair } from '../../src/whatsapp/curve.ts';
import { createKeyTransactions } from '../../src/whatsapp/key-transactions.ts';
import { recordCacheEntriesMax } from '../../src/whatsapp/limits.ts';
import { createMemoryStore, type MemoryStore } from './support/memory-store.ts';

let store: MemoryStore;
let base: SignalKeyStore;
let keys: ReturnType<typeof createKeyTransactions>;
let failures: unknown[];

beforeEach(() => {
  store = createMemoryStore();
  failures = [];
  base = createAuthKeys(new AccountRecords(store, 'one', (error) => void failures.push(error)), (work) =>
    work(),
  );
  keys = createKeyTransactions(base);
});

test('every type comes back as it went in, also in another process', async () => {
  const pair = generateCurveKeyPair();
  const appState = proto.Message.AppStateSyncKeyData.create({ keyData: Buffer.alloc(32, 7), timestamp: 5 });
  const version = {
    version: 3,
    hash: Buffer.alloc(128, 1),
    indexValueMap: { aa: { valueMac: Buffer.from('m') } },
  };
  await keys.set({
    'pre-key': { '7': pair },
    session: { '1_1.0': Buffer.from('session') },
    'sender-key-memory': { 'g@g.us': { 'a@lid': true } },
    'app-state-sync-key': { key: appState },
    'app-state-sync-version': { regular: version },
    'lid-mapping': { '5511': '99' },
    'device-list': { '5511': ['0', '3'] },
    tctoken: { 'a@lid': { token: Buffer.from('t'), timestamp: '9' } },
    'identity-key': { '1_1.0': Buffer.alloc(33, 5) },
  });
  const again = createAuthKeys(new AccountRecords(store, 'one', () => undefined), (work) => work());
  expect(await again.get('pre-key', ['7', '8'])).toEqual({ '7': pair });
  const session = (await again.get('session', ['1_1.0']))['1_1.0'];
  expect(Buffer.from(session ?? []).toString()).toBe('session');
  expect(await again.get('sender-key-memory', ['g@g.us'])).toEqual({ 'g@g.us': { 'a@lid': true } });
  const { keyData } = (await again.get('app-state-sync-key', ['key']))['key'] ?? {};
  expect(Buffer.from(keyData ?? [])).toEqual(Buffer.alloc(32, 7));
  expect(await again.get('app-state-sync-version', ['regular'])).toEqual({ regular: version });
  expect(await again.get('lid-mapping', ['5511'])).toEqual({ '5511': '99' });
  expect(await again.get('device-list', ['5511'])).toEqual({ '5511': ['0', '3'] });
  expect(await again.get('tctoken', ['a@lid'])).toEqual({
    'a@lid': { token: Buffer.from('t'), timestamp: '9' },
  });
});

test('a transaction is one commit, sees its own writes and its removals', async () => {
  await keys.set({ 'lid-mapping': { a: '1', b: '2' } });
  const before = store.commits.length;
  await keys.transaction(async () => {
    await keys.set({ 'lid-mapping': { a: '10' } });
    await keys.set({ 'lid-mapping': { b: null }, 'device-list': { a: ['0'] } });
    expect(await keys.get('lid-mapping', ['a', 'b'])).toEqual({ a: '10' });
    expect(await base.get('lid-mapping', ['a', 'b'])).toEqual({ a: '1', b: '2' });
    await keys.transaction(() => keys.set({ 'lid-mapping': { c: '3' } }) as Promise<void>, 'nested');
  }, 'me');
  expect(store.commits.length).toBe(before + 1);
  expect(await keys.get('lid-mapping', ['a', 'b', 'c'])).toEqual({ a: '10', c: '3' });
});

test('a transaction that throws writes nothing; the next one runs', async () => {
  const failing = keys.transaction(async () => {
    await keys.set({ 'lid-mapping': { a: '1' } });
    throw new Error('no');
  }, 'me');
  await expect(failing).rejects.toThrow('no');
  expect(store.commits).toEqual([]);
  await keys.transaction(async () => keys.set({ 'lid-mapping': { a: '2' } }), 'me');
  expect(await keys.get('lid-mapping', ['a'])).toEqual({ a: '2' });
});

test('transactions of one key follow each other', async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = keys.transaction(async () => {
    await promise;
    order.push('first');
  }, 'me');
  const second = keys.transaction(async () => void order.push('second'), 'me');
  await keys.transaction(async () => void order.push('other'), 'else');
  resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['other', 'first', 'second']);
});

// How the bug worked: Baileys issues a privacy token after a send in a promise that it starts inside the
// transaction and lets go; with Baileys' own transactions what it stored then was never committed, and
// every send asked for a token again.
test('what a promise started inside writes after the end is written', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let late: Promise<void> | undefined;
  await keys.transaction(async () => {
    late = promise.then(() => keys.set({ 'lid-mapping': { late: '1' } }));
  }, 'me');
  resolve();
  await late;
  expect(await base.get('lid-mapping', ['late'])).toEqual({ late: '1' });
});

test('unchanged values are not written again', async () => {
  await keys.set({ 'sender-key-memory': { 'g@g.us': { 'a@lid': true } } });
  const before = store.commits.length;
  await keys.set({ 'sender-key-memory': { 'g@g.us': { 'a@lid': true } }, 'lid-mapping': { none: null } });
  expect(store.commits.length).toBe(before);
});

test('a store that fails is heard of and rejects; the cache does not answer for it', async () => {
  await keys.set({ 'lid-mapping': { a: '1' } });
  store.failing = 'writes';
  await expect(keys.set({ 'lid-mapping': { a: '2' } })).rejects.toMatchObject({ code: 'store_failed' });
  store.failing = 'no';
  expect(await keys.get('lid-mapping', ['a'])).toEqual({ a: '1' });
  store.failing = 'reads';
  await expect(base.get('lid-mapping', ['never read'])).rejects.toMatchObject({ code: 'store_failed' });
  expect(failures.length).toBe(2);
});

test('the cache is bounded, what is in flight is not forgotten', async () => {
  const many = Object.fromEntries(
    Array.from({ length: recordCacheEntriesMax * 2 }, (_, n) => [`k${n}`, `${n}`]),
  );
  const writing = keys.set({ 'lid-mapping': many });
  await Promise.resolve();
  await writing;
  expect(Object.keys(await keys.get('lid-mapping', Object.keys(many))).length).toBe(
    recordCacheEntriesMax * 2,
  );
});

/** Credentials: the bytes that Baileys' own JSON would make, read back with own memory, saved only where they changed. */
import { type AuthenticationCreds, BufferJSON, initAuthCreds, proto } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { CredsKeeper, decodeCreds, encodeCreds, loadCreds } from '../../src/whatsapp/auth-state.ts';
import { createMemoryStore } from './support/memory-store.ts';

function pairedCreds(): AuthenticationCreds {
  const account = proto.ADVSignedDeviceIdentity.fromObject({
    details: Buffer.from('details'),
    accountSignature: Buffer.alloc(64, 1),
  });
  const signal = { identifier: { name: '1', deviceId: 0 }, identifierKey: new Uint8Array(33).fill(5) };
  return {
    ...initAuthCreds(),
    account,
    me: { id: '5511@s.whatsapp.net', lid: '77@lid' },
    signalIdentities: [signal],
    routingInfo: Buffer.from('routing'),
    platform: undefined as never,
  };
}

test('credentials are written as Baileys’ own JSON writes them', () => {
  const creds = pairedCreds();
  const text = Buffer.from(encodeCreds(creds)).toString('utf8');
  expect(text).toBe(JSON.stringify(creds, BufferJSON.replacer));
});

test('credentials come back whole, no byte string in a pooled slab', () => {
  const creds = pairedCreds();
  const read = decodeCreds(encodeCreds(creds));
  expect(read).toEqual({ ...creds, platform: undefined, signalIdentities: read.signalIdentities });
  expect(Buffer.from(read.signalIdentities?.[0]?.identifierKey ?? [])).toEqual(Buffer.alloc(33, 5));
  const { public: key } = read.noiseKey;
  expect([Buffer.isBuffer(key), key.buffer.byteLength]).toEqual([true, 32]);
  expect(read.account?.accountSignature).toEqual(Buffer.alloc(64, 1));
});

test('what is stored already is not written again, what one turn changes is one write', async () => {
  const store = createMemoryStore();
  const fresh = new CredsKeeper(store, 'one', pairedCreds(), false);
  await fresh.save();
  await fresh.save();
  expect(store.commits.length).toBe(1);

  const keeper = await loadCreds(store, 'one');
  const { creds } = keeper;
  creds.me = { ...creds.me, id: creds.me?.id ?? '' };
  creds.routingInfo = Buffer.from('routing');
  await keeper.save();
  expect(store.commits.length).toBe(1);

  creds.routingInfo = Buffer.from('another');
  const first = keeper.save();
  expect(keeper.pending).toBeDefined();
  creds.lastAccountSyncTimestamp = 7;
  await Promise.all([first, keeper.save()]);
  expect([store.commits.length, keeper.pending]).toEqual([2, undefined]);
  const { creds: read } = await loadCreds(store, 'one');
  expect([read.routingInfo?.toString(), read.lastAccountSyncTimestamp]).toEqual(['another', 7]);
});

test('a save that failed is made up for by the next', async () => {
  const store = createMemoryStore();
  const keeper = new CredsKeeper(store, 'one', pairedCreds(), false);
  store.failing = 'writes';
  await expect(keeper.save()).rejects.toThrow('on purpose');
  store.failing = 'no';
  await keeper.save();
  expect((await loadCreds(store, 'one')).creds.me?.id).toBe('5511@s.whatsapp.net');
});

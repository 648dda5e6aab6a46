/** Operations that overlap, and a store that fails in the middle. */
import { beforeAll, expect, test } from 'vitest';
import { silenceConsole } from '../../src/whatsapp/console.ts';
import {
  createParty,
  createWasmParty,
  decrypt,
  encrypt,
  introduce,
  type WasmParty,
} from './support/signal-party.ts';

beforeAll(() => {
  silenceConsole();
});

async function acquainted(): Promise<[WasmParty, WasmParty]> {
  const [a, b] = [await createWasmParty('1@lid'), await createWasmParty('2@lid')];
  await introduce(a, b, 1);
  await decrypt(b, a, await encrypt(a, b, 'hello'));
  await decrypt(a, b, await encrypt(b, a, 'hello'));
  return [a, b];
}

test('fifty encryptions at once use fifty message keys', async () => {
  const [a, b] = await acquainted();
  const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
  const sent = await Promise.all(texts.map((text) => encrypt(a, b, text)));
  expect(new Set(sent.map(({ ciphertext }) => Buffer.from(ciphertext).toString('hex'))).size).toBe(50);
  const read = await Promise.all(sent.map((message) => decrypt(b, a, message)));
  expect(read).toEqual(texts);
});

// How the bug worked (stock): Baileys keys the transaction of a decryption by the peer and that of a send
// by the own account; the send's late commit rolled the session back to before the decryption.
test('a send that overlaps a decryption does not lose the received step', async () => {
  const [a, b] = await acquainted();
  for (let round = 0; round < 20; round += 1) {
    const incoming = await encrypt(b, a, `round ${round}`);
    const [text, outgoing] = await Promise.all([decrypt(a, b, incoming), encrypt(a, b, 'meanwhile')]);
    expect(text).toBe(`round ${round}`);
    expect(await decrypt(b, a, outgoing)).toBe('meanwhile');
    await expect(decrypt(a, b, incoming)).rejects.toThrow('Key used already');
  }
});

test('deleting a session while one is decrypted ends with the session deleted', async () => {
  const [a, b] = await acquainted();
  const incoming = await encrypt(b, a, 'last');
  const name = a.port.jidToSignalProtocolAddress(b.jid);
  const reading = decrypt(a, b, incoming);
  // The decryption has taken its lock after a few microtasks.
  for (let tick = 0; tick < 5; tick += 1) await Promise.resolve();
  await a.keys.set({ session: { [name]: null } });
  expect(await reading).toBe('last');
  expect(await a.port.validateSession(b.jid)).toMatchObject({ exists: false });
});

test('one commit a decryption, with the used one-time key and the identity', async () => {
  const [a, b] = [await createWasmParty('1@lid'), await createWasmParty('2@lid')];
  await introduce(a, b, 1);
  const message = await encrypt(a, b, 'first');
  const before = b.store.commits.length;
  await decrypt(b, a, message);
  const commits = b.store.commits.slice(before);
  expect(commits.length).toBe(1);
  const keys = commits[0]?.map((write) => (write.to === 'signal' ? write.key : write.to)).sort();
  expect(keys).toEqual(['identity-key:1_1.0', 'pre-key:1', 'session:1_1.0']);
});

test.each(['reads', 'writes'] as const)(
  'failing %s reject as they are and use up nothing',
  async (failing) => {
    const [a, b] = await acquainted();
    const message = await encrypt(a, b, 'again');
    b.store.failing = failing;
    // A fresh account reads everything from the store.
    b.records.forget();
    await expect(decrypt(b, a, message)).rejects.toMatchObject({ code: 'store_failed' });
    await expect(encrypt(b, a, 'x')).rejects.toMatchObject({ code: 'store_failed' });
    b.store.failing = 'no';
    expect(await decrypt(b, a, message)).toBe('again');
    expect(await decrypt(a, b, await encrypt(b, a, 'fine'))).toBe('fine');
  },
);

test('sessions move from the number to the LID when the mapping comes', async () => {
  const [a, b] = [await createWasmParty('1@lid'), await createParty('wasm', '2@lid')];
  const pn = '5511900000001@s.whatsapp.net';
  await a.port.injectE2ESession({ jid: pn, session: await b.bundle(1) });
  await a.lids.storeLIDPNMappings([{ lid: b.jid, pn }]);
  expect(await a.port.migrateSession(pn, b.jid)).toEqual({ migrated: 1, skipped: 0, total: 1 });
  expect(await a.port.validateSession(pn)).toEqual({ exists: true });
  expect(await a.port.validateSession(b.jid)).toEqual({ exists: true });
  const message = await a.port.encryptMessage({ jid: pn, data: Buffer.from('moved') });
  expect(await decrypt(b, a, message)).toBe('moved');
});

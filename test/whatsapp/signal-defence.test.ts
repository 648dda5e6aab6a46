/** What must fail fails, with the texts that Baileys decides by, and changes nothing in the store. */
import { beforeAll, expect, test } from 'vitest';
import { silenceConsole } from '../../src/whatsapp/console.ts';
import { createWasmParty, decrypt, encrypt, introduce, type WasmParty } from './support/signal-party.ts';

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

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

test('a bundle with a wrong signature over the signed pre-key is refused', async () => {
  const [a, b] = [await createWasmParty('1@lid'), await createWasmParty('2@lid')];
  const session = await b.bundle(1);
  const signature = flipped(session.signedPreKey.signature, 10);
  const forged = { ...session, signedPreKey: { ...session.signedPreKey, signature } };
  await expect(a.port.injectE2ESession({ jid: b.jid, session: forged })).rejects.toThrow(/signature/);
  expect(await a.port.validateSession(b.jid)).toMatchObject({ exists: false });
});

type Bundle = Awaited<ReturnType<WasmParty['bundle']>>;

/** The bridge throws outside of its promise where a member is missing: one bad bundle took the whole shard down. */
test('a bundle with a member missing is refused by name, and a whole one is taken after it', async () => {
  const [a, b] = [await createWasmParty('1@lid'), await createWasmParty('2@lid')];
  const session = await b.bundle(1);
  const { signedPreKey } = session;
  const cut: [string, object][] = [
    ['registrationId', { registrationId: undefined }],
    ['identityKey', { identityKey: undefined }],
    ['signedPreKey.keyId', { signedPreKey: { ...signedPreKey, keyId: Number.NaN } }],
    ['signedPreKey.publicKey', { signedPreKey: { ...signedPreKey, publicKey: undefined } }],
    ['signedPreKey.signature', { signedPreKey: { ...signedPreKey, signature: undefined } }],
    ['signedPreKey.keyId, signedPreKey.publicKey, signedPreKey.signature', { signedPreKey: undefined }],
    ['preKey.keyId', { preKey: { publicKey: signedPreKey.publicKey } }],
  ];
  for (const [missing, change] of cut) {
    const bundle = { ...session, ...change } as Bundle;
    await expect(a.port.injectE2ESession({ jid: b.jid, session: bundle })).rejects.toThrow(
      `a pre-key bundle came without ${missing}`,
    );
  }
  await a.port.injectE2ESession({ jid: b.jid, session: { ...session, preKey: undefined as never } });
  expect(await a.port.validateSession(b.jid)).toMatchObject({ exists: true });
});

test('a flipped bit in a message is refused and the session goes on', async () => {
  const [a, b] = await acquainted();
  const message = await encrypt(a, b, 'genuine');
  const commits = b.store.commits.length;
  const forged = { ...message, ciphertext: flipped(message.ciphertext, message.ciphertext.length - 12) };
  await expect(decrypt(b, a, forged)).rejects.toThrow();
  expect(b.store.commits.length).toBe(commits);
  expect(await decrypt(b, a, message)).toBe('genuine');
});

test('a forged first message leaves session, identity and one-time key as they are', async () => {
  const [a, b] = await acquainted();
  const stranger = await createWasmParty(a.jid);
  await introduce(stranger, b, 2);
  const message = await encrypt(stranger, b, 'not me');
  const forged = { ...message, ciphertext: flipped(message.ciphertext, message.ciphertext.length - 12) };
  const commits = b.store.commits.length;
  await expect(decrypt(b, a, forged)).rejects.toThrow();
  expect(b.store.commits.length).toBe(commits);
  expect(await decrypt(b, a, await encrypt(a, b, 'still me'))).toBe('still me');
});

test('a flipped bit in a group message is refused', async () => {
  const [a, b] = [await createWasmParty('1@lid'), await createWasmParty('2@lid')];
  const group = '120363000000000001@g.us';
  const sent = await a.port.encryptGroupMessage({ group, meId: a.jid, data: Buffer.from('x') });
  const item = { groupId: group, axolotlSenderKeyDistributionMessage: sent.senderKeyDistributionMessage };
  await b.port.processSenderKeyDistributionMessage({ item, authorJid: a.jid });
  const msg = flipped(sent.ciphertext, sent.ciphertext.length - 1);
  await expect(b.port.decryptGroupMessage({ group, authorJid: a.jid, msg })).rejects.toThrow();
});

test('errors carry the texts that Baileys decides by', async () => {
  const [a, b] = await acquainted();
  const message = await encrypt(a, b, 'once');
  await decrypt(b, a, message);
  await expect(decrypt(b, a, message)).rejects.toThrow('Key used already or never filled');
  const stranger = await createWasmParty('3@lid');
  const unknown = await encrypt(a, b, 'who');
  await expect(decrypt(stranger, a, unknown)).rejects.toThrow('No session record');
  await expect(encrypt(stranger, a, 'x')).rejects.toThrow('No session record');
});

test('a session that Baileys deletes through its keys is gone for the repository', async () => {
  const [a, b] = await acquainted();
  await a.keys.set({ session: { [a.port.jidToSignalProtocolAddress(b.jid)]: null } });
  expect(await a.port.validateSession(b.jid)).toMatchObject({ exists: false });
  await expect(encrypt(a, b, 'x')).rejects.toThrow('No session record');
});

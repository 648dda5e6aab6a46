/**
 * Baileys' Signal repository on the WASM implementation, talking to the account's records directly: one
 * lock per resolved address, one atomic commit per operation, awaited before ciphertext or plaintext leaves
 * (facts/wasm-signal.md §4, §5). Made by `connect.ts` for each socket. Baileys' key transactions are never
 * used here: they lose ratchet steps when a send overlaps a decryption.
 */
import type { SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { GroupCipher, ProtocolAddress, SessionBuilder, SessionCipher } from 'whatsapp-rust-bridge';
import { recordKey } from './key-codec.ts';
import type { LidMapping } from './lid-mapping.ts';
import { assertPreKeyBundle } from './pre-key-bundle.ts';
import type { RepositoryParts } from './repository-parts.ts';
import { createSenderKeyDistribution, processSenderKeyDistribution } from './sender-keys.ts';
import { deleteSessions, migrateSessions } from './session-moves.ts';
import { hasOpenSession, identityOfFirstMessage, sessionInfo } from './session-record.ts';
import {
  identityKey,
  type SignalAddress,
  senderKeyName,
  sessionKey,
  signalAddress,
} from './signal-address.ts';
import { SignalOperation } from './signal-operation.ts';

export type SignalPort = Omit<SignalRepositoryWithLIDStore, 'lidMapping' | 'close'>;

/** The address that a JID's session is stored under: its LID's where the mapping is known. */
export async function resolveAddress(lids: LidMapping, jid: string): Promise<SignalAddress> {
  return signalAddress((await lids.localLid(jid)) ?? jid);
}

/** A cipher per operation, freed after its promise settled: a kept one would overwrite newer records. */
async function withCipher<C extends { free(): void }, T>(
  address: SignalAddress,
  make: (remote: ProtocolAddress) => C,
  use: (cipher: C) => Promise<T>,
): Promise<T> {
  const remote = new ProtocolAddress(address.user, address.device);
  const cipher = make(remote);
  try {
    return await use(cipher);
  } finally {
    cipher.free();
    remote.free();
  }
}

function underLock<T>(
  parts: RepositoryParts,
  key: string,
  work: (op: SignalOperation) => Promise<T>,
): Promise<T> {
  return parts.records.locks.run(key, () =>
    parts.guard(() => work(new SignalOperation(parts.records, parts.creds))),
  );
}

/** A changed identity is stored with the session that it made, never before the message proved it. */
async function stageIdentity(
  op: SignalOperation,
  address: SignalAddress,
  identity: Uint8Array | undefined,
): Promise<void> {
  if (!identity) return;
  const known = await op.read(identityKey(address));
  if (!known || Buffer.compare(known, identity) !== 0) {
    op.changes.set(identityKey(address), new Uint8Array(identity));
  }
}

async function decrypted(
  parts: RepositoryParts,
  ciphertext: Uint8Array,
  op: SignalOperation,
  work: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  let plaintext: Uint8Array;
  try {
    plaintext = await op.run(work);
  } catch (error) {
    const known = await parts.journal.failed(ciphertext, error);
    if (known) return known;
    throw error;
  }
  await parts.journal.commitDecrypt(ciphertext, plaintext, op);
  return plaintext;
}

async function decryptMessage(
  parts: RepositoryParts,
  { jid, type, ciphertext }: { jid: string; type: 'pkmsg' | 'msg'; ciphertext: Uint8Array },
): Promise<Uint8Array> {
  const address = await resolveAddress(parts.lids, jid);
  return underLock(parts, sessionKey(address), async (op) => {
    if (type === 'pkmsg') await stageIdentity(op, address, identityOfFirstMessage(ciphertext));
    return decrypted(parts, ciphertext, op, () =>
      withCipher(
        address,
        (remote) => new SessionCipher(op, remote),
        (cipher) =>
          type === 'pkmsg'
            ? cipher.decryptPreKeyWhisperMessage(ciphertext)
            : cipher.decryptWhisperMessage(ciphertext),
      ),
    );
  });
}

const firstMessageType = 3;

async function encryptMessage(
  parts: RepositoryParts,
  { jid, data }: { jid: string; data: Uint8Array },
): Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }> {
  const address = await resolveAddress(parts.lids, jid);
  return underLock(parts, sessionKey(address), async (op) => {
    const { type, body } = await op.run(() =>
      withCipher(
        address,
        (remote) => new SessionCipher(op, remote),
        (cipher) => cipher.encrypt(data),
      ),
    );
    await parts.records.write(op.changes);
    return { type: type === firstMessageType ? 'pkmsg' : 'msg', ciphertext: Buffer.from(body) };
  });
}

async function decryptGroupMessage(
  parts: RepositoryParts,
  { group, authorJid, msg }: { group: string; authorJid: string; msg: Uint8Array },
): Promise<Uint8Array> {
  const author = signalAddress(authorJid);
  return underLock(parts, recordKey('sender-key', senderKeyName(group, author)), (op) =>
    decrypted(parts, msg, op, () =>
      withCipher(
        author,
        (remote) => new GroupCipher(op, group, remote),
        (cipher) => cipher.decrypt(msg),
      ),
    ),
  );
}

async function encryptGroupMessage(
  parts: RepositoryParts,
  { group, meId, data }: { group: string; meId: string; data: Uint8Array },
): Promise<{ ciphertext: Uint8Array; senderKeyDistributionMessage: Uint8Array }> {
  const author = signalAddress(meId);
  return underLock(parts, recordKey('sender-key', senderKeyName(group, author)), async (op) => {
    const result = await op.run(async () => {
      const senderKeyDistributionMessage = await createSenderKeyDistribution(op, group, author);
      const ciphertext = await withCipher(
        author,
        (remote) => new GroupCipher(op, group, remote),
        (cipher) => cipher.encrypt(data),
      );
      return { ciphertext, senderKeyDistributionMessage };
    });
    await parts.records.write(op.changes);
    return result;
  });
}

type E2ESession = Parameters<SignalPort['injectE2ESession']>[0]['session'];

async function injectSession(
  parts: RepositoryParts,
  { jid, session }: { jid: string; session: E2ESession },
): Promise<void> {
  assertPreKeyBundle(session);
  const address = await resolveAddress(parts.lids, jid);
  await underLock(parts, sessionKey(address), async (op) => {
    await op.run(() =>
      withCipher(
        address,
        (remote) => new SessionBuilder(op, remote),
        (builder) => builder.processPreKeyBundle(session),
      ),
    );
    await stageIdentity(op, address, session.identityKey);
    await parts.records.write(op.changes);
  });
}

async function storedSession(parts: RepositoryParts, jid: string): Promise<Uint8Array | undefined> {
  return parts.records.get(sessionKey(await resolveAddress(parts.lids, jid)));
}

function senderKeyPort(
  parts: RepositoryParts,
): Pick<
  SignalPort,
  'processSenderKeyDistributionMessage' | 'getSenderKeyDistributionMessage' | 'hasSenderKey'
> {
  const keyOf = (group: string, jid: string): string =>
    recordKey('sender-key', senderKeyName(group, signalAddress(jid)));
  return {
    async processSenderKeyDistributionMessage({ item, authorJid }) {
      const { groupId, axolotlSenderKeyDistributionMessage: message } = item;
      if (!groupId || !message) throw new Error('A sender key distribution needs a group and its bytes');
      await underLock(parts, keyOf(groupId, authorJid), async (op) => {
        await op.run(() => processSenderKeyDistribution(op, groupId, signalAddress(authorJid), message));
        await parts.records.write(op.changes);
      });
    },
    getSenderKeyDistributionMessage: ({ group, meId }) =>
      underLock(parts, keyOf(group, meId), async (op) => {
        const message = await op.run(() => createSenderKeyDistribution(op, group, signalAddress(meId)));
        await parts.records.write(op.changes);
        return message;
      }),
    async hasSenderKey({ group, meId }) {
      return (await parts.records.get(keyOf(group, meId))) !== undefined;
    },
  };
}

/** Everything that Baileys calls. Its `lidMapping` member is added where the type demands Baileys' class. */
export function createSignalPort(parts: RepositoryParts): SignalPort {
  return {
    ...senderKeyPort(parts),
    decryptMessage: (options) => decryptMessage(parts, options),
    encryptMessage: (options) => encryptMessage(parts, options),
    decryptGroupMessage: (options) => decryptGroupMessage(parts, options),
    encryptGroupMessage: (options) => encryptGroupMessage(parts, options),
    injectE2ESession: (options) => injectSession(parts, options),
    jidToSignalProtocolAddress: (jid) => signalAddress(jid).name,
    async getSessionInfo(jid) {
      const record = await storedSession(parts, jid);
      return record ? sessionInfo(record) : null;
    },
    async validateSession(jid) {
      const record = await storedSession(parts, jid);
      if (!record) return { exists: false, reason: 'no session' };
      return hasOpenSession(record) ? { exists: true } : { exists: false, reason: 'no open session' };
    },
    deleteSession: (jids) => deleteSessions(parts, jids),
    migrateSession: (from, to) => migrateSessions(parts, from, to),
  };
}

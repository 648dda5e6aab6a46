/**
 * Two kinds of Signal party with one face: ours (WASM, direct) and stock Baileys (JavaScript libsignal with
 * Baileys' key transactions), so that every conversation can be held in all four pairings.
 */
import {
  type AuthenticationCreds,
  addTransactionCapability,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';
import { systemClock } from '../../../src/clock.ts';
import { AccountRecords } from '../../../src/whatsapp/account-records.ts';
import { createAuthKeys } from '../../../src/whatsapp/auth-keys.ts';
import { generateCurveKeyPair, typedPublicKey } from '../../../src/whatsapp/curve.ts';
import { LidMapping } from '../../../src/whatsapp/lid-mapping.ts';
import { silentLogger } from '../../../src/whatsapp/logger.ts';
import type { DecryptJournal } from '../../../src/whatsapp/repository-parts.ts';
import { createSignalPort, type SignalPort } from '../../../src/whatsapp/signal-repository.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export type Flavour = 'wasm' | 'stock';
export type Ciphertext = Awaited<ReturnType<SignalPort['encryptMessage']>>;

export interface SignalParty {
  readonly jid: string;
  readonly port: SignalPort;
  readonly keys: SignalKeyStore;
  readonly creds: AuthenticationCreds;
  /** What this party's server would hand out; one-time keys are numbered from 1. */
  bundle(preKeyId?: number): Promise<Parameters<SignalPort['injectE2ESession']>[0]['session']>;
}

export interface WasmParty extends SignalParty {
  readonly store: MemoryStore;
  readonly records: AccountRecords;
  readonly lids: LidMapping;
}

const preKeysPerParty = 3;
/** libsignal in JavaScript takes nothing but Buffers. */
const typed = (key: Uint8Array): Buffer => Buffer.from(typedPublicKey(key));

function bundleOf(creds: AuthenticationCreds, keys: SignalKeyStore): SignalParty['bundle'] {
  return async (preKeyId) => {
    const { signedPreKey, signedIdentityKey, registrationId } = creds;
    const found = preKeyId === undefined ? {} : await keys.get('pre-key', [String(preKeyId)]);
    const pair = found[String(preKeyId)];
    return {
      registrationId,
      identityKey: typed(signedIdentityKey.public),
      signedPreKey: {
        keyId: signedPreKey.keyId,
        publicKey: typed(signedPreKey.keyPair.public),
        signature: signedPreKey.signature,
      },
      ...(pair && preKeyId !== undefined
        ? { preKey: { keyId: preKeyId, publicKey: typed(pair.public) } }
        : {}),
    };
  };
}

async function storePreKeys(keys: SignalKeyStore): Promise<void> {
  const made: Record<string, SignalDataTypeMap['pre-key']> = {};
  for (let id = 1; id <= preKeysPerParty; id += 1) made[String(id)] = generateCurveKeyPair();
  await keys.set({ 'pre-key': made });
}

const plainJournal = (records: AccountRecords): DecryptJournal => ({
  commitDecrypt: (_ciphertext, _plaintext, op) => records.write(op.changes),
  failed: () => Promise.resolve(undefined),
});

export interface WasmPartyOptions {
  readonly creds?: AuthenticationCreds;
  readonly store?: MemoryStore;
  makeJournal?(records: AccountRecords, lids: LidMapping): DecryptJournal;
}

/** With a store that has its keys already, this is the party after a restart of its process. */
export async function createWasmParty(jid: string, options: WasmPartyOptions = {}): Promise<WasmParty> {
  const creds = options.creds ?? initAuthCreds();
  const store = options.store ?? createMemoryStore();
  const records = new AccountRecords(store, jid, () => undefined);
  const lids = new LidMapping(records, systemClock);
  const guard = <T>(work: () => Promise<T>): Promise<T> => work();
  const keys = createAuthKeys(records, guard);
  if (!options.store) await storePreKeys(keys);
  const journal = options.makeJournal?.(records, lids) ?? plainJournal(records);
  const port = createSignalPort({ records, lids, creds, guard, journal });
  return { jid, port, keys, creds, store, records, lids, bundle: bundleOf(creds, keys) };
}

function createPlainKeys(): SignalKeyStore {
  const values = new Map<string, unknown>();
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: { [id: string]: SignalDataTypeMap[T] } = {};
      for (const id of ids) {
        const value = values.get(`${type}:${id}`) as SignalDataTypeMap[T] | undefined;
        if (value !== undefined) found[id] = value;
      }
      return found;
    },
    set: async (data: SignalDataSet) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null) values.delete(`${type}:${id}`);
          else values.set(`${type}:${id}`, value);
        }
      }
    },
  };
}

export async function createStockParty(jid: string): Promise<SignalParty> {
  const creds = initAuthCreds();
  const plain = createPlainKeys();
  await storePreKeys(plain);
  const keys = addTransactionCapability(plain, silentLogger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  const port = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silentLogger);
  return { jid, port, keys: plain, creds, bundle: bundleOf(creds, plain) };
}

export const createParty = (flavour: Flavour, jid: string): Promise<SignalParty> =>
  flavour === 'wasm' ? createWasmParty(jid) : createStockParty(jid);

export const encrypt = (from: SignalParty, to: SignalParty, text: string): Promise<Ciphertext> =>
  from.port.encryptMessage({ jid: to.jid, data: Buffer.from(text) });

export async function decrypt(to: SignalParty, from: SignalParty, message: Ciphertext): Promise<string> {
  const plaintext = await to.port.decryptMessage({ jid: from.jid, ...message });
  return Buffer.from(plaintext).toString();
}

/** A session from one to the other, as after asking the server for keys. */
export async function introduce(from: SignalParty, to: SignalParty, preKeyId?: number): Promise<void> {
  await from.port.injectE2ESession({ jid: to.jid, session: await to.bundle(preKeyId) });
}

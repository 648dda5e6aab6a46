/**
 * One Signal operation: the storage that the WASM bridge works on, reading the account's records and
 * keeping every change aside until the operation commits. Made and used by `signal-repository.ts` under the
 * locks of what it changes; never shared by two operations, never used after its commit.
 */

import type { SignalCreds } from '@whiskeysockets/baileys';
import type { KeyPair, SessionRecord, SignalStorage, SignedPreKey } from 'whatsapp-rust-bridge';
import type { Awaitable } from '../store/ports.ts';
import type { AccountRecords } from './account-records.ts';
import { typedPublicKey } from './curve.ts';
import { decodeKey, recordKey } from './key-codec.ts';
import { signalError } from './signal-errors.ts';

const copied = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

export class SignalOperation implements SignalStorage {
  readonly changes = new Map<string, Uint8Array | null>();
  private readonly records: AccountRecords;
  private readonly creds: SignalCreds;
  /** The store's own error, which the bridge would turn into text. */
  private failure: unknown;

  constructor(records: AccountRecords, creds: SignalCreds) {
    this.records = records;
    this.creds = creds;
  }

  /** Runs bridge work; rejections become errors with Baileys' texts, a store error stays what it was. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (reason) {
      throw this.failure ?? signalError(reason);
    }
  }

  read(key: string): Awaitable<Uint8Array | undefined> {
    const changed = this.changes.get(key);
    if (changed !== undefined) return changed ?? undefined;
    try {
      const bytes = this.records.get(key);
      return bytes instanceof Promise ? bytes.catch((error) => this.fail(error)) : bytes;
    } catch (error) {
      return this.fail(error);
    }
  }

  loadSession(address: string): Awaitable<Uint8Array | undefined> {
    return this.read(recordKey('session', address));
  }

  /** Preferred by the bridge over `storeSession`: bytes, no object to free. */
  storeSessionRaw(address: string, record: Uint8Array): void {
    this.changes.set(recordKey('session', address), copied(record));
  }

  storeSession(address: string, record: SessionRecord): void {
    this.storeSessionRaw(address, record.serialize());
    record.free();
  }

  getOurIdentity(): KeyPair {
    const { signedIdentityKey } = this.creds;
    return { pubKey: typedPublicKey(signedIdentityKey.public), privKey: signedIdentityKey.private };
  }

  getOurRegistrationId(): number {
    return this.creds.registrationId;
  }

  /** Trust on first use, as WhatsApp Web; a changed identity is stored by the repository. */
  isTrustedIdentity(): boolean {
    return true;
  }

  async loadPreKey(id: number): Promise<KeyPair | undefined> {
    const bytes = await this.read(recordKey('pre-key', String(id)));
    if (!bytes) return undefined;
    const pair = decodeKey('pre-key', bytes);
    return { pubKey: typedPublicKey(pair.public), privKey: pair.private };
  }

  removePreKey(id: number): void {
    this.changes.set(recordKey('pre-key', String(id)), null);
  }

  loadSignedPreKey(id: number): SignedPreKey | undefined {
    const { keyId, keyPair, signature } = this.creds.signedPreKey;
    if (id !== keyId) return undefined;
    return {
      keyId,
      keyPair: { pubKey: typedPublicKey(keyPair.public), privKey: keyPair.private },
      signature,
    };
  }

  loadSenderKey(id: string): Awaitable<Uint8Array | undefined> {
    return this.read(recordKey('sender-key', id));
  }

  storeSenderKey(id: string, record: Uint8Array): void {
    this.changes.set(recordKey('sender-key', id), copied(record));
  }

  private fail(error: unknown): never {
    this.failure = error;
    throw error;
  }
}

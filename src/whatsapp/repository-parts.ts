/**
 * What the Signal repository stands on: the account's records and mapping, and the journal that a
 * decryption commits through. Types only, shared by the repository's files; made by `connect.ts`.
 */
import type { SignalCreds } from '@whiskeysockets/baileys';
import type { AccountRecords } from './account-records.ts';
import type { LidMapping } from './lid-mapping.ts';
import type { SignalOperation } from './signal-operation.ts';

/**
 * Commits a decryption and whatever belongs to the message in one batch, then answers the plaintext that
 * Baileys shall see. `failed` is asked when a ciphertext cannot be decrypted: a plaintext answers a
 * redelivery, undefined lets the error through.
 */
export interface DecryptJournal {
  commitDecrypt(ciphertext: Uint8Array, plaintext: Uint8Array, operation: SignalOperation): Promise<void>;
  failed(ciphertext: Uint8Array, error: unknown): Promise<Uint8Array | undefined>;
}

export interface RepositoryParts {
  readonly records: AccountRecords;
  readonly lids: LidMapping;
  readonly creds: SignalCreds;
  readonly journal: DecryptJournal;
  /** Runs work of this socket: rejects once it has ended, ends it when the store fails. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

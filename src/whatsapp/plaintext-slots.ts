/**
 * Plaintexts that have effects after their commit (protocol messages, own messages of other devices), kept
 * in a fixed ring of records so that a redelivery after a crash is answered without the used-up key. Staged
 * into the decryption's own commit by the journal; bounded, overwritten, never listed.
 */
import { createHash } from 'node:crypto';
import type { AccountRecords } from './account-records.ts';
import { journalSlots } from './limits.ts';

const prefix = 'journal:';
const countBytes = 4;
const hashBytes = 32;
const hashOf = (ciphertext: Uint8Array): Buffer => createHash('sha256').update(ciphertext).digest();

/** A slot: a count that grows with every slot written, the ciphertext's hash, the plaintext. */
function slotBytes(count: number, ciphertext: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const counter = Buffer.alloc(countBytes);
  counter.writeUInt32BE(count);
  return Buffer.concat([counter, hashOf(ciphertext), plaintext]);
}

export class PlaintextSlots {
  private readonly records: AccountRecords;
  private next: number | undefined;

  constructor(records: AccountRecords) {
    this.records = records;
  }

  async stage(
    changes: Map<string, Uint8Array | null>,
    ciphertext: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<void> {
    const stored = this.next === undefined ? await this.firstFree() : 0;
    const count = this.next ?? stored;
    this.next = (count + 1) % 2 ** 32;
    changes.set(`${prefix}${count % journalSlots}`, slotBytes(count, ciphertext, plaintext));
  }

  /** The plaintext of exactly this ciphertext, if it was decrypted before and is still kept. */
  async find(ciphertext: Uint8Array): Promise<Uint8Array | undefined> {
    const hash = hashOf(ciphertext);
    for (const [, bytes] of await this.records.range(prefix)) {
      const found = bytes.subarray(countBytes, countBytes + hashBytes);
      if (Buffer.compare(found, hash) === 0) return bytes.subarray(countBytes + hashBytes);
    }
    return undefined;
  }

  private async firstFree(): Promise<number> {
    let next = 0;
    for (const [, bytes] of await this.records.range(prefix)) {
      next = Math.max(next, Buffer.from(bytes).readUInt32BE() + 1);
    }
    return next;
  }
}

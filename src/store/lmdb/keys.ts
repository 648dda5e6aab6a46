/**
 * Keys as bytes, so that their size is known before a batch begins (a throw inside one does not roll back).
 * A text part ends with a zero byte, a number takes seven bytes, big end first: byte order is tuple order.
 * Used by every file of `store/lmdb/`; nobody else may build or read a key.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** lmdb-js with 4 KiB pages. */
export const keyMaxBytes = 1_978;
const numberBytes = 7;
const hashedPartMinChars = 256;

export type KeyPart = string | number;

function partBytes(part: KeyPart): number {
  if (typeof part === 'number') return numberBytes;
  if (part.includes('\0')) throw new AppError('store_failed', `key part ${JSON.stringify(part)} has a zero`);
  return Buffer.byteLength(part) + 1;
}

export function writeNumber(target: Buffer, value: number, at: number): number {
  target.writeUIntBE(Math.floor(value / 0x1_0000_0000), at, 3);
  target.writeUInt32BE(value % 0x1_0000_0000, at + 3);
  return at + numberBytes;
}

/** Text and whole numbers from 0 to 2^53 - 1, in order. Rejects what LMDB would refuse later. */
export function keyOf(...parts: readonly KeyPart[]): Buffer {
  let size = 0;
  for (const part of parts) size += partBytes(part);
  if (size > keyMaxBytes)
    throw new AppError('store_failed', `a key of ${size} bytes, at most ${keyMaxBytes} can be stored`);
  const key = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') at = writeNumber(key, part, at);
    else at = key.writeUInt8(0, at + key.write(part, at));
  }
  return key;
}

/** The smallest key that is greater than every key that begins with `prefix`. */
export function afterPrefix(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0;
    if (byte === 255) continue;
    end[at] = byte + 1;
    return end.subarray(0, at + 1);
  }
  return Buffer.alloc(keyMaxBytes, 255);
}

/** The smallest key that is greater than `key`. */
export const afterKey = (key: Uint8Array): Buffer => Buffer.concat([key, Buffer.alloc(1)]);

/** Byte by byte, because a page of the outbox reads thousands and a view for each costs more than the number. */
export function readNumber(key: Uint8Array, at: number): number {
  let value = 0;
  for (let byte = at; byte < at + numberBytes; byte++) value = value * 256 + (key[byte] ?? 0);
  return value;
}

/** The number that ends the key. */
export const lastNumber = (key: Uint8Array): number => readNumber(key, key.length - numberBytes);

/** The text part that begins at `at` and where the next part begins. */
export function readText(key: Uint8Array, at: number): { text: string; next: number } {
  // Parts are short: looking here is cheaper than asking native code.
  let end = at;
  while (end < key.length && key[end] !== 0) end++;
  return { text: Buffer.from(key.buffer, key.byteOffset + at, end - at).toString(), next: end + 1 };
}

/** Text that a peer chose, as a key part of bounded size: long or odd text goes in as its hash. */
export function foreignPart(text: string): string {
  if (text.length < hashedPartMinChars && !text.includes('\0')) return text;
  return `#${createHash('sha256').update(text).digest('hex')}`;
}

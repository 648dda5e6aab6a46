/**
 * The store's own value encoding: MessagePack without learned structures, so that any thread and any later
 * process reads what another wrote. Called by `store/lmdb/` and `event-frame.ts`. It must never hand out
 * bytes that share memory with the input, nor accept what MessagePack would silently drop (functions).
 */
import { Packr } from 'msgpackr';
import { AppError } from '../errors.ts';

const packr = new Packr({ useRecords: false, copyBuffers: true });
const viewing = new Packr({ useRecords: false });

/** Packed bytes: a slice of msgpackr's pool. Copy it before transferring it anywhere (never its `.buffer`). */
export const pack = (value: unknown): Uint8Array => packr.pack(value);

/** The value; byte strings in it are copies with memory of their own, as plain `Uint8Array`. */
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);

/** The value; byte strings in it are views of `bytes`, which must be the caller's own and stay unchanged. */
export const unpackViews = (bytes: Uint8Array): unknown => viewing.unpack(bytes);

/** Own memory, plain class: what may be kept, transferred or compared. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The same bytes without the `Buffer` class; shares memory. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/** Refuses values that MessagePack would store as something else. `path` names the place in the message. */
export function checkPlain(value: unknown, path: string): void {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new AppError('store_failed', `${path}: a ${typeof value} cannot be stored`);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return;
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    // The path is made where it is needed: every message comes through here.
    if (typeof member === 'object' || typeof member === 'function' || typeof member === 'symbol')
      checkPlain(member, `${path}.${name}`);
  }
}

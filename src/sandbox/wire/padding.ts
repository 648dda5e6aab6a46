/**
 * WhatsApp's message padding: 1 to 16 bytes, each holding the length. Called around every encryption of
 * a `Message`; never for sender keys' own framing.
 */
import { randomInt } from 'node:crypto';

export function pad(plain: Uint8Array): Buffer {
  const length = randomInt(1, 17);
  return Buffer.concat([plain, Buffer.alloc(length, length)]);
}

export function unpad(padded: Uint8Array): Uint8Array {
  const length = padded.at(-1) ?? 0;
  if (length === 0 || length > padded.length) throw new Error(`bad padding: ${length} of ${padded.length}`);
  return padded.subarray(0, padded.length - length);
}

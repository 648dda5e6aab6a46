/** Identifiers and tokens. Randomness here is cryptographic; nothing predictable may leave this file. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** RFC 9562 UUIDv7: 48 bits of milliseconds, then 74 random bits. Sorts by time as text. */
export function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** When a UUIDv7 was made, ms since the epoch. */
export const uuidTimeMs = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

/** Made instance id: 12 characters of `[a-z0-9]`, about 60 bits. */
export function randomId(): string {
  return BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString(36)
    .padStart(12, '0')
    .slice(-12);
}

/** API key or instance token: `prefix_` and 256 random bits in base64url. */
export const randomToken = (prefix: string): string => `${prefix}_${randomBytes(32).toString('base64url')}`;

/** What is stored of a token: SHA-256, hex. Tokens carry 256 random bits, so no slow hash is needed. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Compares two strings of equal meaning (hashes) in constant time. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

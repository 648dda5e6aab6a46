/** Identifiers and tokens. Randomness here is cryptographic; nothing predictable may leave this file. */
import { hash, randomBytes, randomFillSync, timingSafeEqual } from 'node:crypto';

const uuidRandomBytes = 10;
/** Random bytes for UUIDs, drawn many at a time (one draw costs as much as a whole event body); each used once. */
const pool = Buffer.allocUnsafeSlow(400 * uuidRandomBytes);
let poolUsed = pool.length;

function pooledHex(): string {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  poolUsed += uuidRandomBytes;
  return pool.toString('hex', poolUsed - uuidRandomBytes, poolUsed);
}

/** RFC 9562 UUIDv7: 48 bits of milliseconds, then 74 random bits. Sorts by time as text. */
export function uuidv7(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const random = pooledHex();
  const variant = '89ab'[Number.parseInt(random.slice(-1), 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(3, 6)}-${random.slice(6, 18)}`;
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
export const tokenHash = (token: string): string => hash('sha256', token);

/** Compares two strings of equal meaning (hashes) in constant time. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

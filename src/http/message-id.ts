/**
 * Ids of messages that this gateway sends. Made here and stored with the idempotency key before the first
 * frame leaves (DECISIONS 20), so that a repeat goes out under the same id. Random, never derived from the
 * key: it is visible to the receiver. WhatsApp clients write `3EB0` and 18 upper-case hex digits.
 */
import { randomFillSync } from 'node:crypto';

const idBytes = 9;
/** Random bytes are drawn for many ids at once: drawn singly they were a tenth of the cost of a request. */
const pool = Buffer.alloc(idBytes * 256);
let used = pool.length;

export function newMessageId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + idBytes);
  used += idBytes;
  return `3EB0${hex.toUpperCase()}`;
}

/**
 * Ids of messages that this gateway sends. Made here and stored with the idempotency key before the first
 * frame leaves (DECISIONS 20), so that a repeat goes out under the same id. Random, never derived from the
 * key: it is visible to the receiver. WhatsApp clients write `3EB0` and 18 upper-case hex digits.
 */
import { randomBytes } from 'node:crypto';

export const newMessageId = (): string => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

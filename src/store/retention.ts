/** How long the store keeps what it may forget. Read by `expire` of every implementation, and by the docs. */
const dayMs = 24 * 3_600_000;

/** The event log, unless an event is still pending or a dead letter; the default of its setting. */
export const eventRetentionMs = dayMs;
export const dedupeRetentionMs = 14 * dayMs;
/** Sent messages, for retry receipts. */
export const sentRetentionMs = 7 * dayMs;
export const idempotencyRetentionMs = dayMs;
export const deadLetterRetentionMs = 30 * dayMs;

/** How long messages are kept, and how many of one instance; both are settings, null keeps all. */
export interface MessageRetention {
  readonly ageMs: number | null;
  readonly countMax: number | null;
}
export const keepAllMessages: MessageRetention = { ageMs: null, countMax: null };

/** Records of one kind looked at in one `expire` call. */
export const expireBatchMax = 500;

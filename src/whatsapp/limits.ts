/**
 * Bounds of the WhatsApp room, unit last; what is shared with other rooms is in `src/limits.ts`.
 */
/** Raw Signal and key records kept per account in front of the store; the store's own reads are fast. */
export const recordCacheEntriesMax = 64;
/** A record above this is never cached: skipped keys let a session grow to 186 KB. */
export const recordCacheBytesMax = 4_096;
export const deviceCacheEntriesMax = 128;
export const groupCacheEntriesMax = 32;
export const groupCacheTtlMs = 10 * 60_000;
/** A listing of all groups is large; its pages share one for this long. */
export const groupListTtlMs = 30_000;
export const retryCountersMax = 256;
/** Messages of Baileys' own making that a retry receipt may ask for. */
export const ownMessagesMax = 64;
/** PN addresses that WhatsApp knew no LID for are not asked again within this time. */
export const lidMissTtlMs = 10 * 60_000;
export const lidMissesMax = 256;
/** Plaintexts of stanzas whose effects live in Baileys, kept for a redelivery. */
export const journalSlots = 32;
/** How long a written message may stay unacknowledged before its place is given to another. */
export const acknowledgementTimeoutMs = 60_000;

export const qrFirstTtlMs = 60_000;
export const qrNextTtlMs = 20_000;
export const pairingCodeTtlMs = 180_000;
export const numbersPerQueryMax = 100;
/** A deaf socket is noticed at the second ping after it went silent: within 50 s. */
export const keepAliveMs = 25_000;
/** Baileys holds events back until WhatsApp has ended the offline queue; no longer than this after login. */
export const eventsHeldMs = 5_000;
/** A chunk of history as it is downloaded, the largest part of it (a chat), and messages stored in one batch. */
export const historyChunkBytesMax = 268_435_456;
export const historyFieldBytesMax = 67_108_864;
export const historyPartMessages = 100;
/** Calls and presences of one account that are remembered, to tell each once. */
export const callsKnownMax = 64;
export const presencesKnownMax = 512;
/** Presence within this time is told once, as it stands at the end. */
export const presenceCoalesceMs = 250;
/** Messages of one chat that one receipt marks as read, and how many pages of them one request looks through. */
export const readAtOnceMax = 200;
export const readPagesMax = 50;
export const queryTimeoutMs = 60_000;
/** How long a stopping socket may take to close its side before it is cut. */
export const closeTimeoutMs = 5_000;

/** Files have at most this: WhatsApp's own bound for documents, and some for encryption. */
export const fileBytesMax = 2_147_483_647;
/** A download in which nothing moves for this long has failed, and one that takes longer in all. */
export const downloadIdleTimeoutMs = 30_000;
export const downloadTimeoutMs = 180_000;
/** How long a look at whether a file is still there may take. */
export const fileLookTimeoutMs = 5_000;
/** How long the phone may take to upload a file again. */
export const mediaRetryTimeoutMs = 20_000;
/** Files that phones uploaded again, whose new place one account remembers. */
export const freshPathsMax = 256;
/** Files that one socket uploads at once. */
export const uploadsAtOnceMax = 4;
/** An upload in which nothing moves for this long has failed. */
export const uploadIdleTimeoutMs = 30_000;
/** How often the memory of an upload's buffers is looked at. */
export const uploadLookPeriodMs = 100;
/** After each try that no host took, before the next one. */
export const uploadPausesMs = [500, 2_000, 5_000] as const;

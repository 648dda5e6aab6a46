/**
 * Bounds that are not settings, unit last. Relations between them are asserted at load. What an operator
 * may want to change is a setting in `config.ts`.
 */
import { assert } from './assert.ts';

export const pageLimitMax = 200;
export const pageLimitDefault = 50;
export const numbersPerCheckMax = 500;
export const messageTextMaxChars = 65_536;
export const instanceIdMaxChars = 64;
export const metadataMaxBytes = 16_384;
export const webhookUrlMaxChars = 2_048;
export const webhookHeadersMax = 20;
export const jsonBodyMaxBytes = 262_144;
export const idempotencyKeyMaxChars = 255;
export const idempotencyTtlMs = 24 * 3_600_000;

export const sendTimeoutMsMin = 1_000;
export const sendTimeoutMsMax = 25_000;
export const sendTimeoutMsDefault = 20_000;
/** How much longer the front waits for a shard than the shard waits for WhatsApp. */
export const askGraceMs = 2_000;
export const askTimeoutMs = 10_000;
/** An action may take several queries of WhatsApp, and still is answered before the request timeout. */
export const actionTimeoutMs = 28_000;
/** A file of a message from WhatsApp to the disk, with the phone asked for it again where it must be. */
export const mediaFetchTimeoutMs = 240_000;
export const qrWaitMsMax = 60_000;
/** A long wait is asked of a shard in parts of this, so that a stop need not wait for it. */
export const waitPartMs = 1_000;

/** Sends on one socket that WhatsApp's server has not acknowledged (`facts/inbound-journal.md` A). */
export const unacknowledgedSendsMax = 16;
/** Messages of one instance that wait to be sent. */
export const outgoingQueueMax = 10_000;
/** Chats and contacts of one instance whose records are held in memory. */
export const chatsCachedMax = 64;
/** After this WhatsApp's apps ignore an edit, and a deletion for everyone. */
export const editWindowMs = 15 * 60_000;
export const revokeWindowMs = 60 * 3_600_000;
/** Files of messages that one shard fetches at once to keep them, and messages whose files wait for that. */
export const keeperAtOnceMax = 3;
export const keeperWaitingMax = 2_000;
/** A failed one is tried again after this, then after twice the time. */
export const keeperRetryDelayMs = 15_000;
export const keeperTriesMax = 4;
/** What an opened instance missed is looked for as far back, among so many messages. */
export const keeperCatchUpMs = 24 * 3_600_000;
export const keeperCatchUpMax = 1_000;
export const keeperCatchUpPeriodMs = 10 * 60_000;
/** Handshakes in progress at once in one shard. */
export const handshakesPerShard = 4;
/** From socket creation to `open`, QR time not counted. */
export const connectPhaseTimeoutMs = 30_000;

/** Instances handed to one shard at once at start. */
export const hostAsksInFlight = 16;
/** A number that is not on WhatsApp is asked again after this. */
export const numberMissTtlMs = 10 * 60_000;
/** How long a pairing-code request waits for the socket to be ready for it. */
export const pairingReadyTimeoutMs = 20_000;

/** Dead letters and logged events that one request replays or purges, and how many go into one commit. */
export const bulkLettersMax = 10_000;
export const bulkBatchMax = 200;

/** How often records past their retention are looked for, and the load of the shards is measured. */
export const expiryPeriodMs = 60_000;
export const eluPeriodMs = 5_000;

export const shardMailboxCapacity = 4_096;
export const instanceMailboxCapacity = 512;
/** Backlogs are paged: a million undelivered events took 124 MB (bench webhooks). */
export const webhookHeapMb = 256;
/**
 * V8 lets the young generation of every thread grow to 48 MB under traffic and keeps it: 35 MB more when idle, 85
 * after a load (60 instances, two shards) than with 12. With 24 the collections of a shard take half of the time
 * that they take with 12, and a send 1 to 3 % less CPU (docs/performance.md).
 */
export const threadYoungHeapMb = 24;
export const webhookMailboxCapacity = 1_024;
export const ringCapacityBytes = 4 * 1_048_576;

assert(sendTimeoutMsDefault <= sendTimeoutMsMax, 'the default send timeout is within its bounds');
assert(sendTimeoutMsMax + askGraceMs < 30_000, 'a send is answered before the request timeout');

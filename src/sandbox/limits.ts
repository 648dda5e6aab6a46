/**
 * Every bound of the sandbox, unit last. Read by all its rooms; asserted nowhere else.
 * Never a tuning knob: what a user may change is in `options.ts`.
 */
export const limits = {
  /** References that one QR session offers, as WhatsApp does. */
  qrRefs: 6,
  /** One-time prekeys left on the server below which a device is asked for more. */
  preKeysLow: 5,
  /** Plaintexts kept so that retry receipts to virtual parties can be answered. */
  sentForRetryMax: 50_000,
  /** Ledger entries kept; the oldest settled ones go first and are counted. */
  ledgerEntriesMax: 400_000,
  /** Stanzas waiting for one device. Beyond it the oldest are dropped and counted. */
  queueEntriesMax: 20_000,
  /** Message ids remembered per sandbox to recognise duplicates from accounts. */
  seenIdsMax: 400_000,
  /** Retries that a virtual contact asks for one message. */
  retryCountMax: 5,
  /** Largest body that the control API reads. */
  controlBodyBytesMax: 32 * 1024 * 1024,
  /** Idle control connections stay open this long, so that callers do not race with their end. */
  controlKeepAliveMs: 65_000,
  /** Largest file that the media store takes. */
  mediaBytesMax: 128 * 1024 * 1024,
  receivedMessagesMax: 256,
  /** Own messages with a file that a phone can upload again. */
  sentMediaMax: 256,
  /** Files that the media store keeps in memory in all. */
  mediaStoreBytesMax: 512 * 1024 * 1024,
  /** Webhooks that the receiver of `npm run sandbox` keeps. */
  hooksKeptMax: 1_000,
  /** How often changed state is written to the state file. */
  stateWritePeriodMs: 1_000,
  /** Time between two writes, as a multiple of what one takes. */
  stateWriteSpacing: 50,
  /** How long `stop` waits for web sockets to close by themselves. */
  stopGraceMs: 200,
} as const;

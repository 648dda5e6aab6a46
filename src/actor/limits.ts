/**
 * Bounds of the actor model: every number that a mailbox, an ask, a supervisor or a dead letter box obeys.
 * Read by `src/actor` and `src/thread`; a composition root may override them by options. Units come last.
 */
import { assert } from '../assert.ts';

/** Messages that one actor may owe (waiting and, across threads, in progress) before it says `full`. */
export const mailboxCapacityDefault = 1024;
/** Slots of a new ask table, a power of two; it doubles when half of them are taken. */
export const slotsMin = 64;
/** Share of the capacity at which a mailbox reports `isHigh`, and the share at which it reports relief. */
export const highWatermarkRatio = 0.8;
export const lowWatermarkRatio = 0.5;
/** Turns that an actor runs before it hands the event loop back to sockets and timers. */
export const turnsPerTickMax = 256;

/** What a refused or failed asker is told to wait before the next try. */
export const retryAfterFullMs = 1_000;
export const retryAfterRestartMs = 2_000;

/** Dead letters kept as samples, per reason; all are counted. */
export const deadLetterSamplesMax = 20;

/** Crashes after which a message is set aside, how long it is remembered, and how many are remembered. */
export const poisonCrashesMax = 2;
export const poisonMemoryMs = 600_000;
export const poisonEntriesMax = 1_000;
/** Replays of a tell that was in progress when its actor died and that nobody could blame or clear. */
export const replaysMax = 3;

/** Restarts allowed per period before the supervisor escalates, and the backoff between them. */
export const restartsMax = 5;
export const restartPeriodMs = 60_000;
export const restartDelayMsMin = 100;
export const restartDelayMsMax = 30_000;
/** An actor that died before it was ready is never restarted at once. */
export const unreadyDelayMsMin = 1_000;
/** An actor that served this long starts again from the shortest delay. */
export const stableAfterMs = 30_000;

assert(lowWatermarkRatio < highWatermarkRatio && highWatermarkRatio <= 1, 'watermarks out of order');
assert(
  restartDelayMsMin <= unreadyDelayMsMin && unreadyDelayMsMin <= restartDelayMsMax,
  'delays out of order',
);
assert(poisonCrashesMax <= replaysMax, 'a poison message must be found before its replays run out');

/** How long a probe of something vital may take, and the pause between two. */
export const canaryLimitMs = 15_000;
export const canaryPeriodMs = 5_000;

/** Asks held for one key while it moves from one actor to another. */
export const heldAsksMax = 256;

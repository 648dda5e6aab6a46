/**
 * Bounds of the model across threads: frames, rings, heartbeats and the patience with a thread that ends.
 * Read by `src/thread`; most can be overridden per worker spec. Units come last.
 */
import { assert } from '../assert.ts';

/** Messages and replies packed into one frame; the rest waits for the next. */
export const frameEntriesMax = 1024;
/** So many letters at once, with no frame on its way, go as two frames, so that both threads have work. */
export const splitFromLetters = 16;
/** Frames sent and not yet taken by the other side: the credit of each direction. */
export const framesInFlightMax = 4;
/** Messages of one guest that its host has not finished: the bound of `guest.tell`. */
export const outCapacityDefault = 8192;
/** Frames from this size on are transferred; smaller ones are cheaper to clone (Node 24: about even from 1 to 64 KB). */
export const transferFromBytes = 8_192;

export const ringCapacityBytesMin = 1024;
export const ringCapacityBytesMax = 2 ** 30;

/** How often a guest beats, and how often the host looks. */
export const heartbeatPeriodMs = 500;
/** No beat, no turn and no progress for this long: the thread is dead and is killed. */
export const silenceLimitMs = 30_000;
/** A look that comes this late says that the host itself was stopped or starved: silence starts anew. */
export const lookLateMs = 5_000;
/** From this utilization on, a loop counts as busy. */
export const busyElu = 0.95;

/** From spawn to ready. */
export const readyLimitMs = 30_000;
/** Finishing the mailbox on drain; running the behavior's `stop`. */
export const drainLimitMs = 30_000;
export const stopLimitMs = 10_000;
/** How long a thread that is to end gets to do so by itself before `terminate()`. */
export const exitLimitMs = 500;
/** `terminate()` that has not resolved after this long never will: the process is wedged. */
export const terminateLimitMs = 5_000;
/** Asking a guest for its figures. */
export const statsLimitMs = 1_000;

/** Resolution of the loop delay histogram inside a guest. */
export const loopDelayResolutionMs = 20;

assert(heartbeatPeriodMs * 4 <= silenceLimitMs, 'the silence limit must span several heartbeats');
assert(lookLateMs < silenceLimitMs, 'a late look must be noticed before silence is');

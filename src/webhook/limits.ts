/** Bounds of the webhook actor that are not settings, unit last. Relations between them are asserted at load. */
import { assert } from '../assert.ts';

/** Undelivered events of one lane that are known in memory; the rest stays in the outbox until there is room. */
export const laneWindowMax = 1_000;
/** With less room than this, a chat whose head fails keeps only its head in the window. */
export const laneRoomLow = 500;
/** With those that are delivered and whose removal is not yet durable. */
export const laneKnownMax = 4_000;
/** A lane may always know this many, even when all lanes together are over `windowsMax`. */
export const laneWindowMin = 16;
export const windowsMax = 100_000;
/** Bodies kept from the ring, all lanes together; what does not fit is read from the outbox when its turn comes. */
export const bodiesMaxBytes = 32 * 1_048_576;

export const retryDelayMsMin = 1_000;
export const retryDelayMsMax = 300_000;
export const eventAgeMsMax = 24 * 3_600_000;

export const breakerFailuresMax = 5;
export const breakerOpenMsMin = 1_000;
export const breakerOpenMsMax = 60_000;
/** An origin spared for at least this long at a time was down, and did not only stumble. */
export const outageMsMin = 8_000;

/** Deliveries at once to an origin that has not answered yet; grows by one with each success. */
export const originCapStart = 2;
/** Share of all deliveries in flight that one origin may reach. */
export const originShareMax = 0.92;
/** Beside others an origin may have this many times as many under way as there are slots free. */
export const freeShareMax = 3;
/** Share of the slots that is kept for origins with nothing under way. */
export const reserveShare = 0.16;
/** What origins that have not answered may have together, beyond the first delivery of each. */
export const suspectShareMax = 0.5;
/** Share that probes of open breakers may have, so that a new origin finds room beside dead ones. */
export const probeShareMax = 0.25;
export const originsMax = 4_096;

export const responseKeptBytes = 1_024;
export const responseMaxBytes = 65_536;
export const deliveriesKept = 50;

/** A missed ring is latency: the rings are looked at this often anyway. */
export const doorbellFallbackMs = 1_000;
export const framesPerTurn = 64;
/** How often counts are compared with the outbox, which is the truth. */
export const sweepPeriodMs = 30_000;
export const recountPageMax = 5_000;
export const agedPageMax = 1_000;
export const backlogPeriodMs = 1_000;
/** An instance's backlog is reported when it enters another multiple of a step, which is at most this. */
export const backlogStepMax = 1_000;
export const commitRetryMs = 1_000;
/** Deliveries that are done wait this long, or until there are so many, to leave the outbox in one commit. */
export const settleGatherMs = 25;
export const settleBatchMax = 1_024;
export const lanesInMetricsMax = 200;

assert(laneWindowMin <= laneWindowMax, 'the least window fits in the largest');
assert(laneWindowMax <= laneKnownMax, 'what settles comes on top of the window');
assert(retryDelayMsMin <= retryDelayMsMax, 'retry delays are ordered');
assert(responseKeptBytes <= responseMaxBytes, 'what is kept of a response is read');

/** Bounds of the HTTP front that are not settings, unit last. Nothing here may be unbounded. */
import { assert } from '../assert.ts';
import { jsonBodyMaxBytes } from '../limits.ts';

/** Clients counted by address while they have shown no valid key. */
export const anonymousClientsMax = 10_000;
/** (address, key, instance) triples counted in one rate-limit class. */
export const limitedCallersMax = 50_000;

/** Peers, with what they forwarded, whose address is remembered as worked out. */
export const remoteAddressesMax = 2_000;
/** Of `X-Forwarded-For` only the end is read: the hops nearest to us. */
export const forwardedForMaxChars = 512;

/** Live event streams open at once. */
export const eventStreamsMax = 200;
/** Bytes that wait for one slow event stream before it is closed. */
export const eventStreamBufferMaxBytes = 1_048_576;
/** A comment line is sent this often, so that proxies keep a quiet stream open. */
export const eventStreamKeepAliveMs = 15_000;
/** An event socket's peers have nothing to say. */
export const socketMessageMaxBytes = 1_024;
/** How long the peer of a closing event socket may take to agree. */
export const eventSocketCloseMs = 1_000;
/** Events read from the log at once while a stream resumes. */
export const eventReplayPageMax = 200;
/**
 * How far a stream of all instances goes back before the position that it resumes from: sequences of
 * different shards are not told in lockstep, so an event just before that position may have come after it.
 */
export const eventResumeOverlapMs = 5_000;
/** Sequences remembered from the log, to know them when they are told live afterwards. */
export const eventReplayedMax = 2_000;
/** Live events kept back while a stream still reads the log. */
export const eventReplayBacklogMax = 2_000;

/** A wait that the caller asks for ends this long before the answer deadline. */
export const answerMarginMs = 500;
export const retryAfterMsDefault = 1_000;
export const cursorMaxChars = 512;
/** What stands in a path becomes keys of the store, which are bounded. */
export const pathMaxChars = 1_024;
export const searchMaxChars = 128;
export const addressMaxChars = 128;
export const messageIdMaxChars = 128;
export const typeMaxChars = 32;
export const emojiMaxChars = 64;
export const mentionsMax = 1_024;
/** People that one status post is encrypted for. */
export const audienceMax = 5_000;
/** WhatsApp's own bound for a status of text. */
export const statusTextMaxChars = 700;
export const captionMaxChars = 4_096;
export const filenameMaxChars = 255;
export const mediaUrlMaxChars = 4_096;
export const contactsMax = 100;
export const contactEntriesMax = 20;
export const pollOptionsMin = 2;
export const pollOptionsMax = 12;
export const pollTextMaxChars = 255;
export const eventTextMaxChars = 2_048;
export const placeTextMaxChars = 1_024;
/** A group's size is WhatsApp's business; this bounds one request. */
export const groupMembersPerRequestMax = 1_024;
export const groupSubjectMaxChars = 100;
export const groupDescriptionMaxChars = 2_048;
export const inviteMaxChars = 256;
/** WhatsApp's own bounds for what people type about themselves. */
export const profileNameMaxChars = 25;
export const aboutMaxChars = 139;
export const labelNameMaxChars = 100;
export const readIdsMax = 200;
export const newsletterNameMaxChars = 100;
export const newsletterDescriptionMaxChars = 2_048;
export const newsletterServerIdMax = 999_999_999;
export const sendDelayMsMax = 60_000;
export const deliveriesLimitMax = 200;
export const apiKeyMaxChars = 256;

assert(eventStreamBufferMaxBytes > jsonBodyMaxBytes, 'one event always fits the buffer of a stream');

/** A profile grows with its time, and its thread is slower meanwhile. */
export const profileSecondsMax = 60;

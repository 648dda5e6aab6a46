/**
 * What an attempt means: delivered, to be tried again, or a dead letter; and when to try again. Pure; called
 * by the courier after every POST. Time and randomness come in as numbers.
 */
import { eventAgeMsMax, retryDelayMsMax, retryDelayMsMin } from './limits.ts';

/** What came of one POST. `httpStatus` null: no answer, and `error` says why. */
export interface Outcome {
  readonly httpStatus: number | null;
  readonly error: string | null;
  /** The address may never be posted to (metadata, private when denied, not a URL). */
  readonly isRefused: boolean;
  readonly retryAfter: string | null;
  /** First KiB of the response, where it was kept. */
  readonly body: string | null;
  readonly tookMs: number;
}

export const isSuccess = ({ httpStatus }: Outcome): boolean =>
  httpStatus !== null && httpStatus >= 200 && httpStatus < 300;

/** Network errors, 408, 425, 429 and 5xx may pass; everything else is the receiver's last word. */
export function isRetryable({ httpStatus, isRefused }: Outcome): boolean {
  if (isRefused) return false;
  if (httpStatus === null) return true;
  return httpStatus === 408 || httpStatus === 425 || httpStatus === 429 || httpStatus >= 500;
}

/** Nobody is behind the address: no answer, or a proxy that says so. It is not this event's fault. */
export function isOutage({ httpStatus, isRefused }: Outcome): boolean {
  if (httpStatus === null) return !isRefused;
  return httpStatus === 502 || httpStatus === 503 || httpStatus === 504;
}

/** What the outcome says about the origin, whatever becomes of the event. */
export type OriginSign = 'fine' | 'throttled' | 'failing';

export function signOf({ httpStatus, isRefused }: Outcome): OriginSign {
  if (httpStatus === null) return isRefused ? 'fine' : 'failing';
  if (httpStatus === 429) return 'throttled';
  return httpStatus >= 500 ? 'failing' : 'fine';
}

/** `Retry-After` in ms from now: seconds or an HTTP date, at most the age limit; null when there is none. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), eventAgeMsMax);
}

/** Exponential with full jitter; `attempts` made so far (from 1), `random` in [0, 1). */
export function retryDelayMs(attempts: number, random: number): number {
  const ceiling = Math.min(retryDelayMsMax, retryDelayMsMin * 2 ** Math.min(attempts, 30));
  return Math.max(retryDelayMsMin, Math.floor(random * ceiling));
}

export interface Tries {
  /** Attempts that count against the limit. */
  readonly charged: number;
  readonly attemptsMax: number;
  /** When the event was made. */
  readonly at: number;
  readonly nowMs: number;
  readonly random: number;
}

export type Ruling =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly inMs: number }
  | { readonly kind: 'dead'; readonly reason: string };

/** The last response in a line, as a dead letter keeps it. */
function reasonOf({ error, httpStatus, body }: Outcome): string {
  if (error !== null) return error;
  return body ? `HTTP ${httpStatus}: ${body}` : `HTTP ${httpStatus}`;
}

/** What happens to the event after this outcome. */
export function rule(outcome: Outcome, tries: Tries): Ruling {
  if (isSuccess(outcome)) return { kind: 'delivered' };
  const reason = reasonOf(outcome);
  if (!isRetryable(outcome)) return { kind: 'dead', reason };
  if (tries.charged >= tries.attemptsMax) return { kind: 'dead', reason: `${reason} (last attempt)` };
  const asked = retryAfterMs(outcome.retryAfter, tries.nowMs) ?? 0;
  const inMs = Math.max(asked, retryDelayMs(Math.max(1, tries.charged), tries.random));
  const isTooOld = tries.nowMs + inMs - tries.at > eventAgeMsMax;
  return isTooOld ? { kind: 'dead', reason: `${reason} (older than 24 h)` } : { kind: 'retry', inMs };
}

/**
 * Why a socket closed, from Baileys' last error. Pure; the detail keeps Baileys' own words ("QR refs
 * attempts ended", "noise certificate signature invalid"), because the shard tells causes apart by them.
 */
import { statusOf } from './refusals.ts';
import type { CloseCause } from './wa-socket.ts';

const connectionClosed = 428;
const timedOut = 408;
const unavailable = 503;

export function closeCauseOf(error: unknown): CloseCause {
  const boom = error as { output?: { statusCode?: unknown } } | undefined;
  const code = boom?.output?.statusCode;
  const detail = error instanceof Error ? error.message : error === undefined ? '' : String(error);
  return { code: typeof code === 'number' ? code : (statusOf(error) ?? connectionClosed), detail };
}

/** The server answered the upgrade with another HTTP status: Baileys itself never notices. */
export function upgradeRefused(httpStatus: number): CloseCause {
  const code = httpStatus >= 500 ? unavailable : timedOut;
  return { code, detail: `the server answered the upgrade with HTTP ${httpStatus}` };
}

export const phaseTimedOut = (phase: string, timeoutMs: number): CloseCause => ({
  code: timedOut,
  detail: `no progress in ${timeoutMs} ms while ${phase}`,
});

export const storeFailed = (detail: string): CloseCause => ({
  code: connectionClosed,
  detail: `ended because the store failed: ${detail}`,
});

/**
 * The circuit breaker of one origin as a pure state machine. Open means slow: one probe when its time is
 * over, and the next one later. It never skips an event, and waiting for it uses up no attempts.
 */
import { breakerFailuresMax, breakerOpenMsMax, breakerOpenMsMin } from './limits.ts';

export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly openMs: number }
  | { readonly kind: 'probing'; readonly openMs: number };

export const closedBreaker: Breaker = { kind: 'closed', failures: 0 };

export function mayPass(breaker: Breaker, nowMs: number): boolean {
  if (breaker.kind === 'closed') return true;
  return breaker.kind === 'open' && nowMs >= breaker.untilMs;
}

/** A delivery starts: through an open breaker whose time is over it is the probe. */
export function afterStart(breaker: Breaker, nowMs: number): Breaker {
  if (breaker.kind !== 'open' || nowMs < breaker.untilMs) return breaker;
  return { kind: 'probing', openMs: breaker.openMs };
}

function openFor(openMs: number, nowMs: number, random: number): Breaker {
  const bounded = Math.min(breakerOpenMsMax, openMs);
  // Half of it is jitter, so that many origins on one dead machine are not probed in step.
  return { kind: 'open', openMs: bounded, untilMs: nowMs + bounded * (0.5 + random / 2) };
}

/** A delivery ended. What was under way when the breaker opened does not open it for longer. */
export function afterResult(
  breaker: Breaker,
  hasFailed: boolean,
  { nowMs, random, isProbe }: { nowMs: number; random: number; isProbe: boolean },
): Breaker {
  if (!hasFailed) return closedBreaker;
  if (breaker.kind === 'probing') return isProbe ? openFor(breaker.openMs * 2, nowMs, random) : breaker;
  if (breaker.kind === 'open') return breaker;
  const failures = breaker.failures + 1;
  if (failures < breakerFailuresMax) return { kind: 'closed', failures };
  return openFor(breakerOpenMsMin, nowMs, random);
}

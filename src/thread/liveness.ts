/**
 * Whether a guest is alive, busy or dead: a pure function over what the host saw at each look.
 * A loop that is busy for long but comes on (beats, turns, or reported progress) is never dead; one without
 * any sign for `silenceLimitMs` is. A host that was itself asleep judges nobody.
 */
import { busyElu, heartbeatPeriodMs, lookLateMs, silenceLimitMs } from './limits.ts';

export interface LivenessLimits {
  readonly heartbeatPeriodMs: number;
  readonly silenceLimitMs: number;
  readonly lookLateMs: number;
}

export const livenessLimits: LivenessLimits = { heartbeatPeriodMs, silenceLimitMs, lookLateMs };

export interface Look {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Changes whenever the guest shows any sign of life. */
  readonly signs: number;
  /** Event-loop utilization since the last look. */
  readonly elu: number;
}

export interface Liveness {
  readonly lookedAtMs: number;
  readonly signs: number;
  readonly silentSinceMs: number;
  /** `busy` is alive, with a loop that hardly waits; `quiet` has shown no sign lately, `dead` for too long. */
  readonly verdict: 'alive' | 'busy' | 'quiet' | 'dead';
}

export const firstSight = (atMs: number, signs: number): Liveness => ({
  lookedAtMs: atMs,
  signs,
  silentSinceMs: atMs,
  verdict: 'alive',
});

export function judge(before: Liveness, look: Look, limits: LivenessLimits = livenessLimits): Liveness {
  const seen = { lookedAtMs: look.atMs, signs: look.signs };
  const wasHostAsleep = look.atMs - before.lookedAtMs > limits.heartbeatPeriodMs + limits.lookLateMs;
  if (look.signs !== before.signs || wasHostAsleep) {
    return { ...seen, silentSinceMs: look.atMs, verdict: look.elu >= busyElu ? 'busy' : 'alive' };
  }
  const silentMs = look.atMs - before.silentSinceMs;
  const verdict = silentMs >= limits.silenceLimitMs ? 'dead' : 'quiet';
  return { ...seen, silentSinceMs: before.silentSinceMs, verdict };
}

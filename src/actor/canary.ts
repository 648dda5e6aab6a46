/**
 * A canary for what must never block for long, such as the store: probes it again and again, and says so when
 * one probe has not settled in time. Used by the composition root, whose answer is to end the process. It
 * never judges failures: a probe that rejects has answered.
 */
import type { Clock } from '../clock.ts';
import { detach } from '../detach.ts';
import { canaryLimitMs, canaryPeriodMs } from './limits.ts';

export interface CanaryOptions {
  readonly clock: Clock;
  /** For example a small awaited write. One runs at a time. */
  readonly probe: () => Promise<unknown>;
  /** A probe that takes longer is wedged. Default 15,000. */
  readonly limitMs?: number;
  /** From the end of one probe to the next. Default 5,000. */
  readonly periodMs?: number;
  /** Told once; the canary is dead afterwards. */
  readonly onWedged: (waitedMs: number) => void;
  readonly onFailed?: (error: unknown) => void;
}

export interface Canary {
  stop(): void;
}

export function startCanary(options: CanaryOptions): Canary {
  const { clock, probe, limitMs = canaryLimitMs, periodMs = canaryPeriodMs, onWedged, onFailed } = options;
  let isOver = false;
  let timer = clock.after(0, sing);
  function sing(): void {
    const startedAtMs = clock.elapsed();
    timer = clock.after(limitMs, () => {
      isOver = true;
      onWedged(clock.elapsed() - startedAtMs);
    });
    const settled = Promise.resolve()
      .then(probe)
      .catch((error: unknown) => onFailed?.(error));
    detach(settled.then(rest), () => undefined);
  }
  function rest(): void {
    timer.cancel();
    if (!isOver) timer = clock.after(periodMs, sing);
  }
  return {
    stop() {
      isOver = true;
      timer.cancel();
    },
  };
}

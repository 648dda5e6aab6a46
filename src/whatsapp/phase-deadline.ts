/**
 * The deadline of the phase that a connection is in. Baileys' own timers are off (they cost a third of a
 * send) and would miss an upgrade that is answered with HTTP 503. Made by `connect.ts`, one a socket.
 */
import type { Clock, Timer } from '../clock.ts';

export class PhaseDeadline {
  private readonly clock: Clock;
  private readonly timeoutMs: number;
  private readonly onExpired: (phase: string, timeoutMs: number) => void;
  private timer: Timer | undefined;

  constructor(clock: Clock, timeoutMs: number, onExpired: (phase: string, timeoutMs: number) => void) {
    this.clock = clock;
    this.timeoutMs = timeoutMs;
    this.onExpired = onExpired;
  }

  /** Starts the time of a phase anew. */
  begin(phase: string): void {
    this.end();
    this.timer = this.clock.after(this.timeoutMs, () => this.onExpired(phase, this.timeoutMs));
  }

  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

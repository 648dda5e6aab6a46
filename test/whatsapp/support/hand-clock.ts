/** A clock that is moved by hand: timers fire when the test says so. */
import type { Clock, Timer } from '../../../src/clock.ts';

export interface HandClock extends Clock {
  advance(ms: number): void;
  readonly timers: number;
}

export function createHandClock(startMs = 1_700_000_000_000): HandClock {
  let now = startMs;
  const due = new Map<object, { at: number; work: () => void }>();
  const add = (delayMs: number, work: () => void): Timer => {
    const key = {};
    due.set(key, { at: now + delayMs, work });
    return { cancel: () => void due.delete(key) };
  };
  return {
    now: () => now,
    elapsed: () => now - startMs,
    random: () => 0.5,
    after: add,
    every: () => {
      throw new Error('not part of this double');
    },
    get timers() {
      return due.size;
    },
    advance(ms) {
      now += ms;
      for (const [key, { at, work }] of [...due].sort(([, a], [, b]) => a.at - b.at)) {
        if (at > now || !due.delete(key)) continue;
        work();
      }
    },
  };
}

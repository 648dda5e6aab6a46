/**
 * Time and randomness, injected everywhere else: the only file of `src/` that touches Date, Math.random
 * or timers. Times are milliseconds since the Unix epoch unless the name says otherwise.
 */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, ms since the Unix epoch. */
  now(): number;
  /** Monotonic, ms from an arbitrary start, sub-millisecond. */
  elapsed(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `work` once after `delayMs`; `background` timers do not keep the process alive. */
  after(delayMs: number, work: () => void, kind?: 'foreground' | 'background'): Timer;
  every(periodMs: number, work: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  after(delayMs, work, kind = 'background') {
    const timer = setTimeout(work, delayMs);
    if (kind === 'background') timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(periodMs, work) {
    const timer = setInterval(work, periodMs);
    timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
};

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish, 'foreground');
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** Hands the event loop one macrotask turn, so that sockets and timers are served inside a long loop. */
export const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that moves only when told: timers fire in order of time, then of making. */
import type { Clock, Timer } from '../../src/clock.ts';

interface Due {
  readonly atMs: number;
  readonly work: () => void;
  readonly periodMs: number;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #timers = new Map<number, Due>();
  #made = 0;

  constructor(nowMs = 1_000_000) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0.5;
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + delayMs, work, periodMs: 0 });
  }

  every(periodMs: number, work: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + periodMs, work, periodMs });
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const [id, due] = next;
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      if (due.periodMs === 0) this.#timers.delete(id);
      else this.#timers.set(id, { ...due, atMs: due.atMs + due.periodMs });
      due.work();
    }
    this.#nowMs = endMs;
  }

  #add(due: Due): Timer {
    const id = this.#made++;
    this.#timers.set(id, due);
    return { cancel: () => this.#timers.delete(id) };
  }

  #next(endMs: number): [number, Due] | undefined {
    let next: [number, Due] | undefined;
    for (const entry of this.#timers) {
      if (entry[1].atMs <= endMs && (next === undefined || entry[1].atMs < next[1].atMs)) next = entry;
    }
    return next;
  }
}

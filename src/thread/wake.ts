/**
 * Waking and watching another thread over shared memory: the doorbell of a ring consumer and the pulse of a
 * guest. With `ring.ts` the only file that touches SharedArrayBuffer or Atomics.
 *
 *   doorbell, 4 bytes:  [0] rings so far, wraps; added to by every producer, never reset
 *   pulse, 16 bytes:    [0] beats   [1] progress   [2] id of the letter whose turn runs, 0 for none   [3] unused
 *                       written by the guest alone, read by the host
 *
 * A missed notification is latency, never a hang: every wait ends after its fallback interval.
 */
import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';

export const createDoorbell = (): SharedArrayBuffer => new SharedArrayBuffer(4);

export interface DoorbellOptions {
  /** Given a clock, a wait keeps the event loop alive; without one the thread may end while it waits. */
  readonly keepAlive?: Clock;
}

/** One consumer waits; any number of rings and threads may share its bell. */
export class Doorbell {
  readonly #cell: Int32Array<SharedArrayBuffer>;
  readonly #keepAlive: Clock | undefined;
  #seen: number;
  #isWaiting = false;

  constructor(memory: SharedArrayBuffer, options: DoorbellOptions = {}) {
    this.#cell = new Int32Array(memory);
    this.#keepAlive = options.keepAlive;
    this.#seen = Atomics.load(this.#cell, 0);
  }

  /** Always notifies: a protocol that notified only a flagged waiter has been seen to stall. */
  ring(): void {
    Atomics.add(this.#cell, 0, 1);
    Atomics.notify(this.#cell, 0);
  }

  /** Resolves at once when it was rung since the last wait, else when rung or after `fallbackMs`. */
  async wait(fallbackMs: number): Promise<'rung' | 'fallback'> {
    assert(!this.#isWaiting, 'a doorbell has one waiter and one outstanding wait');
    if (this.#takeRing()) return 'rung';
    this.#isWaiting = true;
    const hold = this.#keepAlive?.after(fallbackMs + 1_000, () => undefined, 'foreground');
    // The timeout argument matters: racing an endless waitAsync against something else leaks every wait.
    const wait = Atomics.waitAsync(this.#cell, 0, this.#seen, fallbackMs);
    if (wait.async) await wait.value;
    hold?.cancel();
    this.#isWaiting = false;
    return this.#takeRing() ? 'rung' : 'fallback';
  }

  #takeRing(): boolean {
    const rings = Atomics.load(this.#cell, 0);
    const wasRung = rings !== this.#seen;
    this.#seen = rings;
    return wasRung;
  }
}

export const createPulse = (): SharedArrayBuffer => new SharedArrayBuffer(16);

const [beatsAt, progressAt, turnAt] = [0, 1, 2] as const;

/** Signs of life of one guest. Reading costs nothing to the guest and works while it is stuck. */
export class Pulse {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  /** Guest: the event loop has turned. */
  beat(): void {
    Atomics.add(this.#cells, beatsAt, 1);
  }

  /** Guest: long synchronous work has come a step further. */
  progress(): void {
    Atomics.add(this.#cells, progressAt, 1);
  }

  /** Guest: the turn of this letter runs now; it also counts as progress. */
  enter(id: number): void {
    Atomics.store(this.#cells, turnAt, id);
    Atomics.add(this.#cells, progressAt, 1);
  }

  leave(): void {
    Atomics.store(this.#cells, turnAt, 0);
  }

  /** Host: the letter that was running when the guest was last seen; 0 for none. */
  get turn(): number {
    return Atomics.load(this.#cells, turnAt);
  }

  /** Host: changes whenever the guest did anything at all; wraps. */
  get signs(): number {
    return (Atomics.load(this.#cells, beatsAt) + Atomics.load(this.#cells, progressAt)) | 0;
  }
}

/**
 * At most a few handshakes at once in a shard (a handshake costs a slice of the thread): instances wait
 * here in order. A slot is given back when its instance is open, shows a QR, or gave up.
 */
import { assert } from '../assert.ts';

export class HandshakeSlots {
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(slots: number) {
    assert(slots > 0, `at least one handshake slot, got ${slots}`);
    this.#free = slots;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves with the function that gives the slot back (idempotent), or with null once `signal` is aborted. */
  async take(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#turn(signal))) return null;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }

  /** True when a slot was handed over, false when the wait was given up first. */
  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(handOver), 1);
        resolve(false);
      };
      const handOver = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(handOver);
    });
  }
}

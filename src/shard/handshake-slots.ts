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

  /** Resolves with the function that gives the slot back (idempotent). */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}

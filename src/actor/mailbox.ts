/**
 * A bounded first-in first-out queue with watermarks: the waiting messages of one actor.
 * Owned by a `Cell`. It never grows past its capacity, never reorders and never drops by itself.
 */
import { assert } from '../assert.ts';
import { highWatermarkRatio, lowWatermarkRatio } from './limits.ts';

export interface MailboxStats {
  readonly depth: number;
  readonly capacity: number;
  readonly deepest: number;
  readonly refused: number;
  readonly isHigh: boolean;
}

export class Mailbox<T> {
  readonly capacity: number;
  readonly #high: number;
  readonly #low: number;
  /** Circular; `#first` is the oldest. Grows by doubling up to the capacity, so idle actors stay small. */
  #slots: (T | undefined)[] = new Array(8);
  #first = 0;
  #depth = 0;
  #deepest = 0;
  #refused = 0;
  #isHigh = false;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, `mailbox capacity must be positive, got ${capacity}`);
    this.capacity = capacity;
    this.#high = Math.max(1, Math.ceil(capacity * highWatermarkRatio));
    this.#low = Math.floor(capacity * lowWatermarkRatio);
  }

  get depth(): number {
    return this.#depth;
  }

  /** True from the high watermark on, until the depth has fallen to the low one. */
  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** False when full: the item was not taken. */
  offer(item: T): boolean {
    if (!this.#hasRoom()) return false;
    this.#slots[(this.#first + this.#depth) & (this.#slots.length - 1)] = item;
    this.#grew();
    return true;
  }

  take(): T | undefined {
    if (this.#depth === 0) return undefined;
    const item = this.#slots[this.#first];
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#depth--;
    if (this.#depth <= this.#low) this.#isHigh = false;
    return item;
  }

  stats(): MailboxStats {
    return {
      depth: this.#depth,
      capacity: this.capacity,
      deepest: this.#deepest,
      refused: this.#refused,
      isHigh: this.#isHigh,
    };
  }

  #hasRoom(): boolean {
    if (this.#depth >= this.capacity) {
      this.#refused++;
      return false;
    }
    if (this.#depth === this.#slots.length) this.#double();
    return true;
  }

  #grew(): void {
    this.#depth++;
    if (this.#depth > this.#deepest) this.#deepest = this.#depth;
    if (this.#depth >= this.#high) this.#isHigh = true;
  }

  #double(): void {
    const slots: (T | undefined)[] = new Array(this.#slots.length * 2);
    for (let index = 0; index < this.#depth; index++) {
      slots[index] = this.#slots[(this.#first + index) & (this.#slots.length - 1)];
    }
    this.#slots = slots;
    this.#first = 0;
  }
}

/**
 * A least-recently-used map with a bound on entries: small while idle (nothing is preallocated, no timers),
 * because every account has several. Used for caches only; never for anything that may not be forgotten. While it
 * is less than half full nothing is near its end, and a use is not noted: that costs as much as all the rest.
 */
import { assert } from '../assert.ts';

export class BoundedMap<V> {
  private readonly entries = new Map<string, V>();
  private readonly max: number;

  constructor(max: number) {
    assert(max > 0, `a bounded map holds at least one entry, got ${max}`);
    this.max = max;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined || this.entries.size * 2 < this.max) return value;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  /** Without counting as a use. */
  has(key: string): boolean {
    return this.entries.has(key);
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.max) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}

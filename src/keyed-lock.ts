/**
 * One at a time per key, in order of arrival. Used for Signal addresses (two operations on one session with an
 * asynchronous load would produce the same message key twice) and for instances. Never nest two keys except
 * through `all`.
 */
export class KeyedLock {
  private readonly tails = new Map<string, Promise<void>>();

  /** Keys that are held or waited for. */
  get size(): number {
    return this.tails.size;
  }

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const result = before ? before.then(work, work) : work();
    const forget = (): void => this.release(key, tail);
    const tail: Promise<void> = result.then(forget, forget);
    this.tails.set(key, tail);
    return result;
  }

  /** Resolves when those who hold the key or wait for it now are through. */
  async idle(key: string): Promise<void> {
    await this.tails.get(key);
  }

  /** Holds several keys, taken in one fixed order. */
  all<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const sorted = [...new Set(keys)].sort();
    const take = (index: number): Promise<T> => {
      const key = sorted[index];
      return key === undefined ? work() : this.run(key, () => take(index + 1));
    };
    return take(0);
  }

  private release(key: string, tail: Promise<void>): void {
    if (this.tails.get(key) === tail) this.tails.delete(key);
  }
}

/**
 * Waiting for events with a guard: nothing here sleeps, and a wait that is never met fails with its name.
 */
const guardMs = 25_000;

export function within<T>(promise: Promise<T>, what: string, ms = guardMs): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Values as they come, and the next one that matches; nothing is missed between two waits. */
export class Tape<T> {
  readonly all: T[] = [];
  #wakes = new Set<() => void>();

  push(value: T): void {
    this.all.push(value);
    for (const wake of [...this.#wakes]) wake();
  }

  /** The first value, past or to come, that matches. */
  find(matches: (value: T) => boolean, what: string): Promise<T> {
    const search = new Promise<T>((resolve) => {
      const look = (): void => {
        const found = this.all.find(matches);
        if (found === undefined) return;
        this.#wakes.delete(look);
        resolve(found);
      };
      this.#wakes.add(look);
      look();
    });
    return within(search, what);
  }

  /** Resolves when `count` values match. */
  count(count: number, matches: (value: T) => boolean, what: string): Promise<T[]> {
    const search = new Promise<T[]>((resolve) => {
      const look = (): void => {
        const found = this.all.filter(matches);
        if (found.length < count) return;
        this.#wakes.delete(look);
        resolve(found);
      };
      this.#wakes.add(look);
      look();
    });
    return within(search, `${count} × ${what}`);
  }
}

/** Polls a condition on every macrotask turn, for state that raises no event. */
export function until(condition: () => boolean, what: string): Promise<void> {
  let isGivenUp = false;
  const poll = new Promise<void>((resolve) => {
    const look = (): void => {
      if (isGivenUp) return;
      if (condition()) resolve();
      else setTimeout(look, 2);
    };
    look();
  });
  return within(poll, what).finally(() => {
    isGivenUp = true;
  });
}

/**
 * What outlives a socket: the right to work on one account. A socket and its successor hold it one after
 * the other, so that two generations never work on one session. `connect.ts` takes it, the connection
 * gives it back when it is idle. Knows nothing of what is done with it.
 */
import type { Store } from '../store/ports.ts';

export interface Account {
  /** Ends when the holder calls it; the next holder waits for it. */
  release(): void;
}

interface Held {
  readonly released: Promise<void>;
}

const heldByStore = new WeakMap<Store, Map<string, Held>>();

function heldIn(store: Store): Map<string, Held> {
  const known = heldByStore.get(store);
  if (known) return known;
  const fresh = new Map<string, Held>();
  heldByStore.set(store, fresh);
  return fresh;
}

/** Waits until the socket before has let go of the account, then holds it. Holders queue in order. */
export async function takeAccount(store: Store, instance: string): Promise<Account> {
  const held = heldIn(store);
  const before = held.get(instance);
  const { promise, resolve } = Promise.withResolvers<void>();
  const mine: Held = { released: promise };
  held.set(instance, mine);
  await before?.released;
  return {
    release() {
      if (held.get(instance) === mine) held.delete(instance);
      resolve();
    },
  };
}

/**
 * Bounded range reads over one database, as arrays: no cursor outlives the call, so no snapshot is held
 * while the caller awaits. Used by the read ports, `erase.ts` and `expire.ts`.
 */

import type { Bytes } from './databases.ts';
import { afterPrefix } from './keys.ts';

export interface Range {
  readonly start: Uint8Array;
  /** Exclusive. */
  readonly end: Uint8Array;
  readonly limit: number;
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export const entriesIn = (db: Bytes, range: Range): Entry[] => [...db.getRange({ ...range })];

export const keysIn = (db: Bytes, range: Range): Uint8Array[] => [...db.getKeys({ ...range })];

/** All keys that begin with `prefix`. */
export const below = (prefix: Uint8Array, limit: number): Range => ({
  start: prefix,
  end: afterPrefix(prefix),
  limit,
});

/** The greatest key that begins with `prefix`. */
export function lastKeyBelow(db: Bytes, prefix: Uint8Array): Uint8Array | undefined {
  const [last] = db.getKeys({ start: afterPrefix(prefix), end: prefix, reverse: true, limit: 1 });
  return last;
}

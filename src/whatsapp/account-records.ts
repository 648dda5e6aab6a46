/**
 * All key material of one account in one place: raw bytes by `type:id`, a bounded cache in front of the
 * store, writes in flight pinned. The Signal repository and Baileys' `auth.keys` both stand on it, so that
 * a deletion by either is seen by both. A failed write leaves the cache as the store is; a failed read rejects.
 */

import { KeyedLock } from '../keyed-lock.ts';
import type { Awaitable, SessionStore, Store, StoreWrite } from '../store/ports.ts';
import { BoundedMap } from './bounded-map.ts';
import { recordCacheBytesMax, recordCacheEntriesMax } from './limits.ts';
import { ownBytes } from './own-bytes.ts';

/** `null` removes. */
export type RecordChanges = ReadonlyMap<string, Uint8Array | null>;

interface Pinned {
  readonly value: Uint8Array | null;
}

export class AccountRecords {
  readonly instance: string;
  /** Taken per Signal address (`session:…`) and per sender key by everybody who changes one. */
  readonly locks = new KeyedLock();
  private readonly sessions: SessionStore;
  private readonly commit: Store['commit'];
  private readonly onFailure: (error: unknown) => void;
  private readonly cache = new BoundedMap<Uint8Array>(recordCacheEntriesMax);
  private readonly pinned = new Map<string, Pinned>();

  /** `onFailure` hears of every failed read and write, before the caller does. */
  constructor(store: Store, instance: string, onFailure: (error: unknown) => void) {
    this.instance = instance;
    this.onFailure = onFailure;
    this.sessions = store.sessions;
    this.commit = (writes) => store.commit(writes);
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    const pinned = this.pinned.get(key);
    if (pinned) return pinned.value ?? undefined;
    const cached = this.cache.get(key);
    if (cached) return cached;
    const read = this.failing(() => this.sessions.signal(this.instance, key));
    if (!(read instanceof Promise)) return this.keep(key, read);
    return read.then(
      (value) => {
        const newer = this.pinned.get(key);
        return newer ? (newer.value ?? undefined) : this.keep(key, value);
      },
      (error) => this.fail(error),
    );
  }

  range(prefix: string): Awaitable<Iterable<readonly [string, Uint8Array]>> {
    return this.failing(() => this.sessions.signalRange(this.instance, prefix));
  }

  /** One atomic commit of the changes and `others`; resolves when durable. */
  async write(changes: RecordChanges, others: readonly StoreWrite[] = []): Promise<void> {
    if (changes.size === 0 && others.length === 0) return;
    const writes: StoreWrite[] = [];
    const pins = new Map<string, Pinned>();
    for (const [key, value] of changes) {
      const pin = { value };
      pins.set(key, pin);
      this.pinned.set(key, pin);
      writes.push({ to: 'signal', instance: this.instance, key, value });
    }
    try {
      await this.commit([...writes, ...others]);
      this.unpin(pins, true);
    } catch (error) {
      this.unpin(pins, false);
      this.fail(error);
    }
  }

  /** Drops the cache, not what is in flight. */
  forget(): void {
    this.cache.clear();
  }

  private failing<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      return this.fail(error);
    }
  }

  private fail(error: unknown): never {
    this.onFailure(error);
    throw error;
  }

  private unpin(pins: ReadonlyMap<string, Pinned>, isStored: boolean): void {
    for (const [key, pin] of pins) {
      if (this.pinned.get(key) !== pin) continue;
      this.pinned.delete(key);
      if (isStored && pin.value) this.keep(key, pin.value);
      else this.cache.delete(key);
    }
  }

  private keep(key: string, value: Uint8Array | undefined): Uint8Array | undefined {
    if (value && value.length <= recordCacheBytesMax) this.cache.set(key, ownBytes(value));
    else this.cache.delete(key);
    return value;
  }
}

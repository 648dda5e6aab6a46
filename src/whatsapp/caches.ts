/**
 * The caches that Baileys takes by configuration, bounded and without timers: retry counters, call offers,
 * placeholder requests, group metadata, and device lists that survive a restart. One set a socket, made by
 * `socket-config.ts`. What WhatsApp invalidates (devices, groups) is removed at the notification.
 */
import type { CacheStore, GroupMetadata, PossiblyExtendedCacheStore } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import type { Store } from '../store/ports.ts';
import { BoundedMap } from './bounded-map.ts';
import type { CacheTally, CountedCache } from './cache-board.ts';
import {
  deviceCacheEntriesMax,
  groupCacheEntriesMax,
  groupCacheTtlMs,
  groupListTtlMs,
  retryCountersMax,
} from './limits.ts';

export function createBoundedCache(max: number): CacheStore {
  const entries = new BoundedMap<{ value: unknown }>(max);
  return {
    get: <T>(key: string) => entries.get(key)?.value as T | undefined,
    set: (key, value) => entries.set(key, { value }),
    del: (key) => {
      entries.delete(key);
    },
    flushAll: () => entries.clear(),
  };
}

/**
 * Baileys asks the phone for a message that came without ciphertext, which is wanted, and, before it asks
 * the sender to repeat one, for one that it could not decrypt: that holds up the whole account for two
 * seconds. It asks only for ids that it finds unknown here, so every id is known but the expected ones.
 */
export class PlaceholderCache {
  private readonly expected = new BoundedMap<{ value: unknown }>(retryCountersMax);
  readonly store: CacheStore = {
    get: <T>(id: string) => (this.expected.has(id) ? this.expected.get(id)?.value : true) as T | undefined,
    set: (id, value) => this.expected.set(id, { value }),
    del: (id) => {
      this.expected.delete(id);
    },
    flushAll: () => this.expected.clear(),
  };

  /** A stanza without ciphertext came. */
  expect(id: string): void {
    if (!this.expected.has(id)) this.expected.set(id, { value: undefined });
  }
}

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

export type DeviceCache = PossiblyExtendedCacheStore & CountedCache;

/** Device lists by user, written through to the store; no expiry: WhatsApp notifies of changes. */
export function createDeviceCache(store: Store, instance: string, tally: CacheTally): DeviceCache {
  const entries = new BoundedMap<{ value: unknown }>(deviceCacheEntriesMax);
  const found = <T>(value: T): T => {
    tally.hits += 1;
    return value;
  };
  const write = (key: string, value: Uint8Array | null): Promise<void> =>
    store.commit([{ to: 'devices', instance, key, value }]);
  return {
    async get<T>(key: string) {
      const cached = entries.get(key);
      if (cached) return found(cached.value as T);
      const bytes = await store.sessions.device(instance, key);
      if (!bytes) {
        tally.misses += 1;
        return undefined as T;
      }
      const value = decode(bytes);
      entries.set(key, { value });
      return found(value as T);
    },
    async set(key, value) {
      await write(key, encode(value));
      entries.set(key, { value });
    },
    async del(key) {
      entries.delete(key);
      await write(key, null);
    },
    /** One commit for a whole group's members. */
    async mset(list) {
      const writes = list.map(
        ({ key, value }) => ({ to: 'devices', instance, key, value: encode(value) }) as const,
      );
      await store.commit(writes);
      for (const { key, value } of list) entries.set(key, { value });
    },
    flushAll: () => entries.clear(),
    get size() {
      return entries.size;
    },
    clear: () => entries.clear(),
  };
}

export type GroupFetch = (jid: string) => Promise<GroupMetadata>;
export type GroupListFetch = () => Promise<Record<string, GroupMetadata>>;

/** Group metadata, fetched once per group at a time; a notification about the group removes it. */
export class GroupCache {
  private readonly entries = new BoundedMap<{ metadata: GroupMetadata; until: number }>(groupCacheEntriesMax);
  private readonly inFlight = new Map<string, Promise<GroupMetadata>>();
  private readonly clock: Clock;
  private list: { readonly groups: Promise<readonly GroupMetadata[]>; readonly until: number } | undefined;
  private readonly tally: CacheTally;
  fetch: GroupFetch | undefined;
  fetchAll: GroupListFetch | undefined;

  constructor(clock: Clock, tally: CacheTally) {
    this.clock = clock;
    this.tally = tally;
  }

  get size(): number {
    return this.entries.size;
  }

  clear(): void {
    this.entries.clear();
    this.list = undefined;
  }

  readonly get = async (jid: string): Promise<GroupMetadata | undefined> => {
    const entry = this.entries.get(jid);
    if (entry && entry.until > this.clock.now()) {
      this.tally.hits += 1;
      return entry.metadata;
    }
    if (!this.fetch) return undefined;
    this.tally.misses += 1;
    return this.inFlight.get(jid) ?? this.load(jid, this.fetch);
  };

  invalidate(jid: string): void {
    this.entries.delete(jid);
    this.inFlight.delete(jid);
    this.list = undefined;
  }

  /** Every group of the account by id, asked once for all pages that are read within a short time. */
  all(): Promise<readonly GroupMetadata[]> {
    if (this.list && this.list.until > this.clock.now()) return this.list.groups;
    const groups = this.loadAll();
    const list = { groups, until: this.clock.now() + groupListTtlMs };
    this.list = list;
    return groups.catch((error: unknown) => {
      if (this.list === list) this.list = undefined;
      throw error;
    });
  }

  private async loadAll(): Promise<readonly GroupMetadata[]> {
    const groups = Object.values((await this.fetchAll?.()) ?? {});
    return groups.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  private load(jid: string, fetch: GroupFetch): Promise<GroupMetadata> {
    const answer = fetch(jid).then(
      (metadata) => {
        if (this.inFlight.get(jid) !== answer) return metadata;
        this.inFlight.delete(jid);
        this.entries.set(jid, { metadata, until: this.clock.now() + groupCacheTtlMs });
        return metadata;
      },
      (error) => {
        if (this.inFlight.get(jid) === answer) this.inFlight.delete(jid);
        throw error;
      },
    );
    this.inFlight.set(jid, answer);
    return answer;
  }
}

/**
 * What the caches of all sockets of a thread hold and how often they had the answer, by kind. Made by the shard
 * for its metrics and for clearing; sockets join while they live. Never holds an entry itself.
 */
export const socketCacheKinds = ['devices', 'groups'] as const;
export type SocketCacheKind = (typeof socketCacheKinds)[number];

export interface CountedCache {
  readonly size: number;
  clear(): void;
}

export class CacheTally {
  hits = 0;
  misses = 0;
  private readonly caches = new Map<CountedCache, string>();

  get size(): number {
    return [...this.caches.keys()].reduce((sum, cache) => sum + cache.size, 0);
  }

  join(cache: CountedCache, instance: string): void {
    this.caches.set(cache, instance);
  }

  leave(cache: CountedCache): void {
    this.caches.delete(cache);
  }

  /** Of one instance, or of all where null; answers how many entries went. */
  clear(instance: string | null): number {
    let cleared = 0;
    for (const [cache, owner] of this.caches) {
      if (instance !== null && owner !== instance) continue;
      cleared += cache.size;
      cache.clear();
    }
    return cleared;
  }
}

export type CacheBoard = Readonly<Record<SocketCacheKind, CacheTally>>;

/** Answers what takes them off the board again. */
export function joinCaches(
  board: CacheBoard,
  instance: string,
  caches: Readonly<Record<SocketCacheKind, CountedCache>>,
): () => void {
  for (const kind of socketCacheKinds) board[kind].join(caches[kind], instance);
  return () => {
    for (const kind of socketCacheKinds) board[kind].leave(caches[kind]);
  };
}

export const createCacheBoard = (): CacheBoard => ({ devices: new CacheTally(), groups: new CacheTally() });

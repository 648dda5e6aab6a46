/**
 * The media pool: CPU work off the main thread, a few threads that end when idle. The one importer of
 * piscina. The queue is bounded: a full one refuses with `mailbox_full`, it never grows. Rendered QR codes
 * are kept for QR_CACHE_TTL_MS; requests for one code while it is rendered share the work.
 */
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { QrOrder } from './qr.ts';

export interface MediaPoolOptions {
  readonly clock: Clock;
  readonly qrCacheTtlMs: number;
  readonly maxThreads?: number;
  /** Orders that may wait for a thread. */
  readonly maxQueue?: number;
}

export interface MediaPool {
  renderQr(text: string, format: QrOrder['format']): Promise<Uint8Array>;
  /** How the QR cache does, for metrics. */
  qrCache(): { readonly hits: number; readonly misses: number; readonly size: number };
  /** Forgets rendered codes; answers how many. */
  clearQrCache(): number;
  stop(): Promise<void>;
}

const defaultMaxThreads = 2;
const defaultMaxQueue = 64;
const idleTimeoutMs = 30_000;
const cachedQrCodesMax = 1_000;

const workerFile = fileURLToPath(new URL('../../workers/media.ts', import.meta.url));

/** A refusal of the pool itself as the API's error; errors of the work pass through. */
function refused(error: unknown, maxQueue: number): unknown {
  const isFull = error instanceof Error && /queue is at limit/i.test(error.message);
  if (!isFull) return error;
  return new AppError('mailbox_full', `the media pool has its limit of ${maxQueue} orders waiting`);
}

class QrCache {
  hits = 0;
  misses = 0;
  readonly #rendered: LRUCache<string, Promise<Uint8Array>>;

  constructor(ttlMs: number, clock: Clock) {
    this.#rendered = new LRUCache({
      max: cachedQrCodesMax,
      ttl: ttlMs,
      ttlResolution: 0,
      perf: { now: () => clock.elapsed() },
    });
  }

  get size(): number {
    return this.#rendered.size;
  }

  clear(): number {
    const { size } = this.#rendered;
    this.#rendered.clear();
    return size;
  }

  /** The kept picture, or `render`'s; a failed rendering is not kept. */
  async get(key: string, render: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#rendered.get(key);
    if (known) {
      this.hits += 1;
      return known;
    }
    this.misses += 1;
    const picture = render();
    this.#rendered.set(key, picture);
    try {
      return await picture;
    } catch (error) {
      if (this.#rendered.peek(key) === picture) this.#rendered.delete(key);
      throw error;
    }
  }
}

export function startMediaPool(options: MediaPoolOptions): MediaPool {
  const { maxThreads = defaultMaxThreads, maxQueue = defaultMaxQueue } = options;
  const pool = new Piscina<QrOrder, Uint8Array>({
    filename: workerFile,
    minThreads: 0,
    maxThreads,
    maxQueue,
    idleTimeout: idleTimeoutMs,
  });
  const cache = new QrCache(options.qrCacheTtlMs, options.clock);

  async function render(order: QrOrder): Promise<Uint8Array> {
    try {
      return await pool.run(order, { name: 'renderQr' });
    } catch (error) {
      throw refused(error, maxQueue);
    }
  }

  return {
    renderQr: (text, format) => cache.get(`${format}:${text}`, () => render({ text, format })),
    qrCache: () => ({ hits: cache.hits, misses: cache.misses, size: cache.size }),
    clearQrCache: () => cache.clear(),
    stop: () => pool.destroy(),
  };
}

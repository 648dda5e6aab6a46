/**
 * The media pool: work on bytes off the main thread, a few threads that end when idle. The one importer of
 * piscina. The queue is bounded: a full one refuses with `mailbox_full`, it never grows. Rendered QR codes
 * are kept for QR_CACHE_TTL_MS; requests for one code while it is rendered share the work.
 */
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { PreparedMedia } from '../protocol/media.ts';
import { type Outcome, settledValue } from './outcome.ts';
import type { PrepareOrder } from './prepare.ts';
import type { PageFacts } from './preview.ts';
import type { QrOrder } from './qr.ts';
import type { BodyOrder, BodyRead } from './read-body.ts';
import type { OpenOrder } from './seal.ts';

/** What the threads do beside QR codes, by the name of the export. */
interface PoolWork {
  prepareMedia: { order: PrepareOrder; result: PreparedMedia };
  readBody: { order: BodyOrder; result: BodyRead };
  unseal: { order: OpenOrder; result: number };
  readPage: { order: { path: string }; result: PageFacts };
  thumbnail: { order: { path: string }; result: Uint8Array };
  profilePicture: { order: { path: string }; result: Uint8Array };
}

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
  /** Rejects with what the work rejects with, or `mailbox_full`. */
  run<K extends keyof PoolWork>(name: K, order: PoolWork[K]['order']): Promise<PoolWork[K]['result']>;
  stop(): Promise<void>;
}

const defaultMaxThreads = 2;
const defaultMaxQueue = 64;
/** Most of this work waits for disks and for ffmpeg: a thread does several at once, and a QR code beside them. */
const worksPerThread = 4;
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
  const pool = new Piscina<unknown, unknown>({
    filename: workerFile,
    minThreads: 0,
    maxThreads,
    maxQueue,
    concurrentTasksPerWorker: worksPerThread,
    idleTimeout: idleTimeoutMs,
  });
  const cache = new QrCache(options.qrCacheTtlMs, options.clock);

  async function ask(name: string, order: unknown): Promise<unknown> {
    try {
      return await pool.run(order, { name });
    } catch (error) {
      throw refused(error, maxQueue);
    }
  }
  // The worker file has one export a name, with these types.
  const render = (order: QrOrder): Promise<Uint8Array> => ask('renderQr', order) as Promise<Uint8Array>;

  return {
    renderQr: (text, format) => cache.get(`${format}:${text}`, () => render({ text, format })),
    qrCache: () => ({ hits: cache.hits, misses: cache.misses, size: cache.size }),
    clearQrCache: () => cache.clear(),
    run: async (name, order) => settledValue((await ask(name, order)) as Outcome<never>),
    stop: () => pool.destroy(),
  };
}

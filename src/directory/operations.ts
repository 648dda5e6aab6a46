/**
 * What an operator asks of the running gateway: metrics of the whole system as JSON, of every instance, alerts,
 * clearing caches, garbage collection, the log level. Asks the threads; one that is restarting is left out.
 */
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.ts';
import { askTimeoutMs } from '../limits.ts';
import { changeLogLevel, type LogLevel } from '../log.ts';
import type { InstanceView } from '../protocol/commands.ts';
import { type InstanceState, noCounts, restingStates } from '../protocol/instance.ts';
import type { ThreadMetrics } from '../protocol/metrics.ts';
import type {
  AlertView,
  CacheName,
  Collected,
  InstanceMetrics,
  Operations,
  SystemMetrics,
  ThreadFile,
} from '../protocol/operations.ts';
import type { Actors } from './actors.ts';
import type { AlertFacts } from './alerts.ts';
import type { Directory } from './directory.ts';
import { type Load, readMemory } from './load.ts';
import { isReported, total } from './readings.ts';
import type { ThreadFiles } from './thread-files.ts';

export interface QrCache {
  stats(): { readonly hits: number; readonly misses: number; readonly size: number };
  clear(): number;
}

export interface OperationsOptions {
  readonly directory: Pick<Directory, 'all' | 'countByState' | 'find'>;
  readonly actors: Pick<Actors, 'shards' | 'webhooks'>;
  readonly clock: Clock;
  readonly version: string;
  readonly load: Load;
  readonly qrCache: QrCache;
  /** A heap above this share of its limit is collected before it is judged. */
  readonly memoryPercentMax: number;
  readonly files: Pick<ThreadFiles, 'writeHeapSnapshot' | 'writeCpuProfile'>;
  threads(): Promise<ThreadMetrics[]>;
  firing(): readonly AlertView[];
  backupError(): string | null;
}

const pendingMetric = 'elenco_webhook_pending';
const asked = { timeoutMs: askTimeoutMs };
/** A thread stands still while its garbage is collected, a full heap of gigabytes for seconds. */
const collectPeriodMs = 60_000;

/** Instances that should be open and are not: what an alert counts. */
export function countDisconnected(all: readonly InstanceView[]): number {
  const lost: readonly InstanceState[] = ['reconnecting', 'logged_out', 'failed'];
  return all.filter(
    ({ status }) => lost.includes(status.state) || (status.state === 'connecting' && status.me),
  ).length;
}

function connectedShare(byState: Readonly<Record<InstanceState, number>>, all: number): number {
  const meant = all - restingStates.reduce((sum, state) => sum + byState[state], 0);
  return meant === 0 ? 1 : byState.open / meant;
}

const share = (part: number, rest: number): number | null =>
  part + rest === 0 ? null : part / (part + rest);

const cache = ({ hits, misses, entries }: { hits: number; misses: number; entries: number }) => ({
  ...{ entries, hits, misses },
  hitRate: share(hits, misses),
});

export class GatewayOperations implements Operations {
  #options: OperationsOptions;
  #collectedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** One look at everything that the alert rules judge. */
  async alertFacts(): Promise<AlertFacts> {
    const { load, directory, backupError } = this.#options;
    const threads = await this.#threadsWithoutGarbage();
    const { cpuShare, responseP95Ms } = load.look(threads);
    return {
      ...fullestMemory(threads),
      cpuPercent: cpuShare === null ? null : cpuShare * 100,
      responseP95Ms: responseP95Ms ?? 0,
      disconnected: countDisconnected(directory.all()),
      webhookPending: isReported(threads, pendingMetric) ? total(threads, pendingMetric) : null,
      backupError: backupError(),
    };
  }

  async metrics(): Promise<SystemMetrics> {
    const { clock, version, load, directory } = this.#options;
    const threads = await this.#options.threads();
    const memory = readMemory();
    const byState = directory.countByState();
    const all = directory.all();
    return {
      ...{ at: clock.now(), version, uptimeSeconds: process.uptime() },
      memory: { ...memory, usedShare: memory.anonymousBytes / memory.allottedBytes },
      ...{ cpuShare: load.view.cpuShare, cores: availableParallelism() },
      threads: threads.map(({ prometheus: _, ...thread }) => thread),
      instances: {
        ...{ total: all.length, byState, connectedShare: connectedShare(byState, all.length) },
        reconnects: all.reduce((sum, { status }) => sum + status.reconnects, 0),
      },
      http: {
        requests: total(threads, 'elenco_http_requests_total'),
        serverErrors: total(threads, 'elenco_http_requests_total', { status: '5xx' }),
        connections: total(threads, 'elenco_http_connections'),
        responseP95Ms: load.view.responseP95Ms,
        requestsPerMinute: load.view.requestsPerMinute,
      },
      ...this.#counted(threads),
    };
  }

  instanceMetrics(): readonly InstanceMetrics[] {
    const now = this.#options.clock.now();
    const age = (at: number | null): number | null => (at === null ? null : Math.max(0, now - at));
    return this.#options.directory
      .all()
      .map(({ config, status }) => ({
        ...{ id: config.id, state: status.state, shard: config.shard, stateSince: status.stateSince },
        openForMs: status.state === 'open' ? age(status.stateSince) : null,
        reconnects: status.reconnects,
        lastError: status.lastError?.code ?? null,
        lastInboundAgeMs: age(status.lastInboundAt),
        lastOutboundAgeMs: age(status.lastOutboundAt),
        ...(status.counts ?? noCounts),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  alerts(): readonly AlertView[] {
    return this.#options.firing();
  }

  async clearCaches(
    caches: readonly CacheName[],
    instance: string | null,
  ): Promise<Readonly<Record<string, number>>> {
    const { actors, directory, qrCache } = this.#options;
    const owner = instance === null ? null : directory.find(instance).config.shard;
    const shards = owner === null ? actors.shards : actors.shards.filter((_, shard) => shard === owner);
    const command = { kind: 'ClearCaches', caches, instance } as const;
    const cleared = await Promise.all(shards.map(({ ref }) => ref.ask(command, asked)));
    const sums: Record<string, number> = {};
    for (const [name, count] of cleared.flatMap((one) => Object.entries(one)))
      sums[name] = (sums[name] ?? 0) + count;
    return caches.includes('qr') ? { ...sums, qr: qrCache.clear() } : sums;
  }

  async collectGarbage(): Promise<readonly Collected[]> {
    const { shards, webhooks } = this.#options.actors;
    const others = await Promise.all([
      collect(webhooks.name, webhooks.ref.ask({ kind: 'CollectGarbage' }, asked)),
      ...shards.map(({ name, ref }) => collect(name, ref.ask({ kind: 'CollectGarbage' }, asked))),
    ]);
    return [collectHere(), ...others];
  }

  /**
   * V8 leaves the garbage of an idle thread where it is: a heap that looks full is collected first, so that the
   * alert tells what is really held, and clears when that is gone.
   */
  async #threadsWithoutGarbage(): Promise<readonly ThreadMetrics[]> {
    const { threads, clock, actors, memoryPercentMax } = this.#options;
    const looked = await threads();
    const full = looked.filter(
      ({ heapUsedBytes, heapLimitBytes }) => heapUsedBytes * 100 > heapLimitBytes * memoryPercentMax,
    );
    const now = clock.elapsed();
    if (full.length === 0 || now - this.#collectedAt < collectPeriodMs) return looked;
    this.#collectedAt = now;
    const names = full.map(({ thread }) => thread);
    if (names.includes('main')) collectHere();
    const shards = actors.shards.filter(({ name }) => names.includes(name));
    const refs = shards.map(({ ref }) => ref.ask({ kind: 'CollectGarbage' }, asked));
    if (names.includes('webhook')) refs.push(actors.webhooks.ref.ask({ kind: 'CollectGarbage' }, asked));
    await Promise.allSettled(refs);
    return threads();
  }

  writeHeapSnapshot(thread: string): Promise<ThreadFile> {
    return this.#options.files.writeHeapSnapshot(thread);
  }

  writeCpuProfile(thread: string, forMs: number): Promise<ThreadFile> {
    return this.#options.files.writeCpuProfile(thread, forMs);
  }

  changeLogLevel(level: LogLevel): void {
    changeLogLevel(level);
  }

  #counted(threads: readonly ThreadMetrics[]): Pick<SystemMetrics, 'messages' | 'caches' | 'webhooks'> {
    const of = (name: string, labels = {}): number => total(threads, `elenco_${name}`, labels);
    const sent = of('messages_sent_total', { result: 'sent' });
    const delivered = of('webhook_attempts_total', { result: 'delivered' });
    const dead = of('webhook_attempts_total', { result: 'dead' });
    const qr = this.#options.qrCache.stats();
    const counted = (name: string): ReturnType<typeof cache> =>
      cache({
        hits: of(`${name}_cache_hits_total`),
        misses: of(`${name}_cache_misses_total`),
        entries: of(`${name}_cache_entries`),
      });
    return {
      messages: {
        ...{ received: of('messages_received_total'), sent },
        refused: of('messages_sent_total') - sent,
      },
      caches: {
        numbers: counted('number'),
        devices: counted('device'),
        groups: counted('group'),
        qr: cache({ ...qr, entries: qr.size }),
      },
      webhooks: {
        ...{ pending: of('webhook_pending'), inFlight: of('webhook_in_flight'), delivered, dead },
        retried: of('webhook_attempts_total', { result: 'retrying' }),
        successRate: share(delivered, dead),
        breakersOpen: of('webhook_breakers_open'),
      },
    };
  }
}

async function collect(
  thread: string,
  answer: Promise<{ readonly heapBytesBefore: number; readonly heapBytesAfter: number }>,
): Promise<Collected> {
  return { thread, ...(await answer) };
}

function collectHere(): Collected {
  const heapBytesBefore = process.memoryUsage().heapUsed;
  globalThis.gc?.();
  return { thread: 'main', heapBytesBefore, heapBytesAfter: process.memoryUsage().heapUsed };
}

/** The process against what is allotted to it, and every heap against its limit: the fullest counts. */
function fullestMemory(threads: readonly ThreadMetrics[]): Pick<AlertFacts, 'memoryPercent' | 'memoryOf'> {
  const { anonymousBytes, allottedBytes } = readMemory();
  const all = [
    { memoryOf: 'the process', used: anonymousBytes / allottedBytes },
    ...threads.map(({ thread, heapUsedBytes, heapLimitBytes }) => ({
      memoryOf: `thread ${thread}`,
      used: heapUsedBytes / heapLimitBytes,
    })),
  ];
  const fullest = all.reduce((most, one) => (one.used > most.used ? one : most));
  return { memoryOf: fullest.memoryOf, memoryPercent: fullest.used * 100 };
}

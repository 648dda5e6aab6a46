/**
 * What an operator can ask of the gateway beside the instances: metrics as JSON, alerts, caches, garbage
 * collection, the log level, heap snapshots. `src/directory/operations.ts` implements it; the monitoring routes
 * stand on it. Times are ms since the epoch, shares go from 0 to 1.
 */
import type { LogLevel } from '../log.ts';
import type { InstanceState } from './instance.ts';
import type { ThreadMetrics } from './metrics.ts';

export const alertNames = [
  'memory_high',
  'cpu_high',
  'response_slow',
  'instances_disconnected',
  'webhook_queue_long',
  'backup_failed',
] as const;
export type AlertName = (typeof alertNames)[number];

export interface AlertView {
  readonly name: AlertName;
  readonly severity: 'warning' | 'critical';
  readonly since: number;
  /** What was measured last, and above what it fires, in `unit`. */
  readonly value: number;
  readonly threshold: number;
  readonly unit: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** A thread's own report without its Prometheus page. */
export type ThreadView = Omit<ThreadMetrics, 'prometheus'>;

export interface SystemMetrics {
  readonly at: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly memory: {
    readonly residentBytes: number;
    /** Without the mapped store and other files; what the alert goes by. */
    readonly anonymousBytes: number;
    readonly allottedBytes: number;
    readonly usedShare: number;
  };
  /** Since the last evaluation of the alerts; null before the first. */
  readonly cpuShare: number | null;
  readonly cores: number;
  readonly threads: readonly ThreadView[];
  readonly instances: {
    readonly total: number;
    readonly byState: Readonly<Record<InstanceState, number>>;
    /** Open ones of those that should be; 1 where none should. */
    readonly connectedShare: number;
    readonly reconnects: number;
  };
  readonly http: {
    readonly requests: number;
    readonly serverErrors: number;
    readonly connections: number;
    /** Over the last minute; null without requests. */
    readonly responseP95Ms: number | null;
    readonly requestsPerMinute: number;
  };
  readonly messages: { readonly received: number; readonly sent: number; readonly refused: number };
  readonly caches: Readonly<
    Record<
      CacheName,
      {
        readonly entries: number;
        readonly hits: number;
        readonly misses: number;
        readonly hitRate: number | null;
      }
    >
  >;
  readonly webhooks: {
    readonly pending: number;
    readonly inFlight: number;
    readonly delivered: number;
    readonly retried: number;
    readonly dead: number;
    /** Delivered of all that came to an end; null before the first. */
    readonly successRate: number | null;
    readonly breakersOpen: number;
  };
}

export interface InstanceMetrics {
  readonly id: string;
  readonly state: InstanceState;
  readonly shard: number;
  readonly stateSince: number;
  /** How long it has been open; null while it is not. */
  readonly openForMs: number | null;
  readonly reconnects: number;
  readonly lastError: string | null;
  readonly lastInboundAgeMs: number | null;
  readonly lastOutboundAgeMs: number | null;
  /** Messages since creation. */
  readonly received: number;
  readonly sent: number;
  readonly sendErrors: number;
}

export const cacheNames = ['numbers', 'devices', 'groups', 'qr'] as const;
export type CacheName = (typeof cacheNames)[number];

export interface Collected {
  readonly thread: string;
  readonly heapBytesBefore: number;
  readonly heapBytesAfter: number;
}

/** A heap snapshot or a CPU profile. */
export interface ThreadFile {
  readonly thread: string;
  /** Below DATA_DIR, readable for its owner only: a heap holds keys and messages. */
  readonly file: string;
  readonly bytes: number;
}

export interface Operations {
  metrics(): Promise<SystemMetrics>;
  /** Sorted by id. */
  instanceMetrics(): readonly InstanceMetrics[];
  alerts(): readonly AlertView[];
  /** How many entries of each cache went. */
  clearCaches(
    caches: readonly CacheName[],
    instance: string | null,
  ): Promise<Readonly<Record<string, number>>>;
  /** Without `--expose-gc` nothing is collected: before and after are then equal. */
  collectGarbage(): Promise<readonly Collected[]>;
  /** `thread` is `main`, `webhooks` or `shard-N`. The thread stands still meanwhile; one at a time. */
  writeHeapSnapshot(thread: string): Promise<ThreadFile>;
  /** What the thread does in the next `forMs`, which makes it somewhat slower; one at a time. */
  writeCpuProfile(thread: string, forMs: number): Promise<ThreadFile>;
  changeLogLevel(level: LogLevel): void;
}

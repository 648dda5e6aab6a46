/** Schemas of the operator's routes: metrics as JSON, alerts, caches, garbage collection, the log level. */
import { z } from '@hono/zod-openapi';
import { instanceStates } from '../../protocol/instance.ts';
import { alertNames, cacheNames } from '../../protocol/operations.ts';
import { profileSecondsMax } from '../limits.ts';
import { isoTime } from './common.ts';
import { instanceId } from './instance.ts';

const count = z.int().min(0);
const bytes = count;
const share = z.number().min(0);

const cacheSchema = z.object({ entries: count, hits: count, misses: count, hitRate: share.nullable() });

const threadSchema = z.object({
  thread: z.string().openapi({ example: 'shard-0' }),
  heapUsedBytes: bytes,
  heapLimitBytes: bytes,
  externalBytes: bytes,
  eventLoopUtilization: share,
  eventLoopDelayP99Ms: z.number(),
  cpuSeconds: z.number(),
  gcSeconds: z.number(),
});

export const systemMetricsSchema = z
  .object({
    at: isoTime,
    version: z.string(),
    uptimeSeconds: z.number(),
    memory: z.object({ residentBytes: bytes, anonymousBytes: bytes, allottedBytes: bytes, usedShare: share }),
    cpuShare: share.nullable(),
    cores: count,
    threads: z.array(threadSchema),
    instances: z.object({
      total: count,
      byState: z.record(z.enum(instanceStates), count),
      connectedShare: share,
      reconnects: count,
    }),
    http: z.object({
      requests: count,
      serverErrors: count,
      connections: count,
      responseP95Ms: z.number().nullable(),
      requestsPerMinute: z.number(),
    }),
    messages: z.object({ received: count, sent: count, refused: count }),
    caches: z.object({
      numbers: cacheSchema,
      devices: cacheSchema,
      groups: cacheSchema,
      qr: cacheSchema,
    }),
    webhooks: z.object({
      pending: count,
      inFlight: count,
      delivered: count,
      retried: count,
      dead: count,
      successRate: share.nullable(),
      breakersOpen: count,
    }),
  })
  .openapi('SystemMetrics');

export const instanceMetricsSchema = z
  .object({
    id: z.string(),
    state: z.enum(instanceStates),
    shard: count,
    stateSince: isoTime,
    openForMs: z.number().nullable(),
    reconnects: count,
    lastError: z.string().nullable(),
    lastInboundAgeMs: z.number().nullable(),
    lastOutboundAgeMs: z.number().nullable(),
    received: count,
    sent: count,
    sendErrors: count,
  })
  .openapi('InstanceMetrics');

export const alertSchema = z
  .object({
    name: z.enum(alertNames),
    severity: z.enum(['warning', 'critical']),
    since: isoTime,
    value: z.number(),
    threshold: z.number(),
    unit: z.string(),
    message: z.string(),
  })
  .openapi('Alert');

export const clearInput = z
  .strictObject({
    caches: z.array(z.enum(cacheNames)).min(1).optional(),
    instance: instanceId.optional(),
  })
  .openapi('CacheClear');

export const clearedSchema = z
  .object({ cleared: z.record(z.string(), count) })
  .openapi('CachesCleared', { example: { cleared: { numbers: 812, qr: 3 } } });

export const collectedSchema = z.object({
  threads: z.array(z.object({ thread: z.string(), heapBytesBefore: bytes, heapBytesAfter: bytes })),
});

const thread = z.string().regex(/^(main|webhooks|shard-\d{1,2})$/, 'takes main, webhooks or shard-N');

export const heapInput = z
  .strictObject({ thread })
  .openapi('HeapSnapshotOrder', { example: { thread: 'shard-0' } });

export const heapSchema = z.object({ thread: z.string(), file: z.string(), bytes }).openapi('HeapSnapshot');

export const profileInput = z
  .strictObject({ thread, seconds: z.int().min(1).max(profileSecondsMax).default(10) })
  .openapi('CpuProfileOrder', { example: { thread: 'shard-0', seconds: 1 } });

export const profileSchema = z.object({ thread: z.string(), file: z.string(), bytes }).openapi('CpuProfile');

export const logLevelSchema = z
  .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) })
  .openapi('LogLevel');

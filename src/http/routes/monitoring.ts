/** What the operator asks of the running gateway, beside health: metrics as JSON, alerts, caches, garbage, logs. */
import { iso } from '../../clock.ts';
import { cacheNames } from '../../protocol/operations.ts';
import { json } from '../answer.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { pageOf } from '../schemas/common.ts';
import {
  alertSchema,
  clearedSchema,
  clearInput,
  collectedSchema,
  heapInput,
  heapSchema,
  instanceMetricsSchema,
  logLevelSchema,
  profileInput,
  profileSchema,
  systemMetricsSchema,
} from '../schemas/monitoring.ts';

const admin = { tag: 'monitoring', access: 'admin', limit: 'global' } as const;
const read = { ...admin, method: 'get', duringDrain: true } as const;

const system = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...read,
    path: '/monitoring/metrics',
    summary: 'Metrics of the whole system, by thread, as JSON',
    answers: { 200: { about: 'Metrics', json: systemMetricsSchema } },
    async handle() {
      const metrics = await operations.metrics();
      return json(200, { ...metrics, at: iso(metrics.at) });
    },
  });

const instances = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...read,
    path: '/monitoring/instances/metrics',
    summary: 'Metrics of every instance',
    answers: { 200: { about: 'Metrics, by id', json: pageOf(instanceMetricsSchema) } },
    handle() {
      const items = operations.instanceMetrics().map((one) => ({ ...one, stateSince: iso(one.stateSince) }));
      return json(200, { items, next: null });
    },
  });

const alerts = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...read,
    path: '/monitoring/alerts',
    summary: 'Alerts that fire now, and since when',
    answers: { 200: { about: 'Alerts, the longest first', json: pageOf(alertSchema) } },
    handle() {
      const items = operations.alerts().map((alert) => ({ ...alert, since: iso(alert.since) }));
      return json(200, { items, next: null });
    },
  });

const clear = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    method: 'post',
    path: '/monitoring/cache/clear',
    summary: 'Clears caches: all, or those named; of all shards, or of the one that has the instance',
    body: clearInput,
    problems: ['instance_not_found'],
    answers: { 200: { about: 'Entries that went, by cache', json: clearedSchema } },
    async handle({ body: { caches = [...cacheNames], instance = null } }) {
      return json(200, { cleared: await operations.clearCaches(caches, instance) });
    },
  });

const collect = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    method: 'post',
    path: '/monitoring/gc',
    summary: 'Collects garbage in every thread (needs --expose-gc)',
    answers: { 200: { about: 'Heap before and after', json: collectedSchema } },
    handle: async () => json(200, { threads: await operations.collectGarbage() }),
  });

const heapSnapshot = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    method: 'post',
    path: '/monitoring/heap-snapshot',
    summary: 'Writes the heap of one thread to a file on the server; the thread stands still meanwhile',
    body: heapInput,
    problems: ['conflict', 'not_found'],
    answers: { 201: { about: 'The file, below DATA_DIR', json: heapSchema } },
    handle: async ({ body }) => json(201, await operations.writeHeapSnapshot(body.thread)),
  });

const cpuProfile = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    method: 'post',
    path: '/monitoring/cpu-profile',
    summary: 'Writes what one thread does in the next seconds to a file on the server',
    body: profileInput,
    problems: ['conflict', 'not_found'],
    transfers: true,
    waits: () => true,
    answers: { 201: { about: 'The file, below DATA_DIR', json: profileSchema } },
    handle: async ({ body: { thread, seconds } }) =>
      json(201, await operations.writeCpuProfile(thread, seconds * 1_000)),
  });

const logLevel = ({ operations }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    method: 'put',
    path: '/monitoring/log-level',
    summary: 'Changes the level of the logs of all threads until the next start',
    body: logLevelSchema,
    answers: { 200: { about: 'The level', json: logLevelSchema } },
    handle({ body }) {
      operations.changeLogLevel(body.level);
      return json(200, body);
    },
  });

export const monitoringRoutes = (options: FrontOptions): AnyRoute[] => [
  system(options),
  instances(options),
  alerts(options),
  clear(options),
  collect(options),
  heapSnapshot(options),
  cpuProfile(options),
  logLevel(options),
];

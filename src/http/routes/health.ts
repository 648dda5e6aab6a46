/**
 * Health and Prometheus metrics. Health needs no key and is not limited: load balancers ask all the time.
 * `live` says that the process serves; `ready` that new requests are welcome.
 */
import type { HealthView } from '../../protocol/commands.ts';
import { content, json } from '../answer.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { healthSchema, monitoringHealthSchema } from '../schemas/health.ts';

const tag = 'monitoring';
const open = { method: 'get', tag, access: 'open', limit: null, duringDrain: true } as const;
const isReady = (health: HealthView): boolean => health.status === 'ok' || health.status === 'degraded';

const live: AnyRoute = route({
  ...open,
  path: '/health/live',
  summary: 'The process serves',
  answers: { 200: { about: 'It does', json: healthSchema } },
  handle: () => json(200, { status: 'ok', checks: {} }),
});

function currentHealth({ commands, isDraining }: FrontOptions): HealthView {
  const health = commands.health();
  return isDraining() ? { ...health, status: 'draining' } : health;
}

const ready = (options: FrontOptions): AnyRoute =>
  route({
    ...open,
    path: '/health/ready',
    summary: 'New requests are welcome',
    answers: {
      200: { about: 'Ready', json: healthSchema },
      503: { about: 'Starting or stopping', json: healthSchema },
    },
    handle() {
      const health = currentHealth(options);
      return json(isReady(health) ? 200 : 503, { status: health.status, checks: health.checks });
    },
  });

const monitoring = (options: FrontOptions): AnyRoute =>
  route({
    ...open,
    path: '/monitoring/health',
    summary: 'Health with the number of instances in each state',
    answers: {
      200: { about: 'Ready', json: monitoringHealthSchema },
      503: { about: 'Starting or stopping', json: monitoringHealthSchema },
    },
    handle() {
      const health = currentHealth(options);
      return json(isReady(health) ? 200 : 503, { ...health, version: options.version });
    },
  });

const prometheusType = 'text/plain; version=0.0.4; charset=utf-8';

const metrics = ({ commands }: FrontOptions): AnyRoute =>
  route({
    method: 'get',
    path: '/metrics',
    tag,
    summary: 'Prometheus text of all threads (admin key or METRICS_TOKEN)',
    access: 'metrics',
    limit: 'global',
    duringDrain: true,
    answers: { 200: { about: 'Prometheus exposition', types: ['text/plain'] } },
    handle: async () => content(prometheusType, await commands.prometheus()),
  });

export const healthRoutes = (options: FrontOptions): AnyRoute[] => [
  live,
  ready(options),
  monitoring(options),
  metrics(options),
];

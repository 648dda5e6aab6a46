/** Metrics of the REST front. Labels are route templates, never paths: their number is bounded. */
import type { MetricRegistry } from './metrics.ts';

export interface AnsweredRequest {
  /** The template, for example `/v1/instances/{id}`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** The caller asked to wait for somebody else: its time does not tell how fast the gateway is. */
  readonly hasWaited: boolean;
}

export interface HttpMetrics {
  answered(request: AnsweredRequest): void;
  connectionOpened(): void;
  connectionClosed(): void;
  /** A connection beyond MAX_CONNECTIONS. */
  connectionRefused(): void;
}

const latencyBucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function createHttpMetrics(registry: MetricRegistry): HttpMetrics {
  const requests = registry.counter(
    'elenco_http_requests_total',
    'Requests answered, by route and status class',
    ['route', 'method', 'status'],
  );
  const latency = registry.histogram(
    'elenco_http_request_duration_seconds',
    'From the headers of a request to its answer',
    latencyBucketsSeconds,
    ['route', 'waited'],
  );
  const refused = registry.counter(
    'elenco_http_connections_refused_total',
    'Connections beyond MAX_CONNECTIONS',
  );
  let open = 0;
  registry.measured('elenco_http_connections', 'Open connections', () => open);
  return {
    answered({ route, method, status, seconds, hasWaited }) {
      const known = knownMethods.includes(method) ? method : 'other';
      requests.add({ route, method: known, status: `${Math.floor(status / 100)}xx` });
      latency.observe({ route, waited: hasWaited ? 'yes' : 'no' }, seconds);
    },
    connectionOpened() {
      open += 1;
    },
    connectionClosed() {
      open -= 1;
    },
    connectionRefused: () => refused.add({}),
  };
}

/** What the webhook thread counts. Labels are bounded: results, and the first lanes by id (then `other`). */
import type { MetricRegistry } from '../monitoring/metrics.ts';
import type { DeliveryStatus } from '../protocol/webhook.ts';
import type { Lane } from './lane.ts';
import { lanesInMetricsMax } from './limits.ts';

export interface WebhookMetrics {
  attempted(webhook: string, result: DeliveryStatus, tookMs: number): void;
  /** Milliseconds from the event to its delivery. */
  delivered(webhook: string, ageMs: number): void;
  overflowed(): void;
  /** Sets the gauges by lane; called before the registry is read. */
  measure(lanes: Iterable<Lane>, nowMs: number): void;
}

export interface WebhookGauges {
  openBreakers(): number;
  knownEntries(): number;
  unsettled(): number;
}

const bucketsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

const nothing = { count: 0, age: 0, posting: 0 } as const;

export function createWebhookMetrics(registry: MetricRegistry, gauges: WebhookGauges): WebhookMetrics {
  const attempts = registry.counter(
    'elenco_webhook_attempts_total',
    'Deliveries tried, by webhook and result',
    ['webhook', 'result'],
  );
  const took = registry.histogram('elenco_webhook_attempt_milliseconds', 'How long a POST took', bucketsMs);
  const latency = registry.histogram(
    'elenco_webhook_latency_milliseconds',
    'From the event to its delivery, by webhook',
    bucketsMs,
    ['webhook'],
  );
  const overflows = registry.counter('elenco_webhook_ring_overflows_total', 'Rings found full, then paged');
  const depth = registry.gauge('elenco_webhook_pending', 'Undelivered events, by webhook', ['webhook']);
  const oldest = registry.gauge(
    'elenco_webhook_oldest_age_milliseconds',
    'Age of the oldest undelivered event, by webhook',
    ['webhook'],
  );
  const inFlight = registry.gauge('elenco_webhook_in_flight', 'Deliveries under way, by webhook', [
    'webhook',
  ]);
  registry.measured('elenco_webhook_breakers_open', 'Origins that are being spared', gauges.openBreakers);
  registry.measured(
    'elenco_webhook_known_entries',
    'Undelivered events known in memory',
    gauges.knownEntries,
  );
  registry.measured('elenco_webhook_unsettled', 'Deliveries not yet written to the outbox', gauges.unsettled);
  const shown = new Set<string>();
  const nameOf = (id: string): string => {
    if (shown.has(id)) return id;
    if (shown.size >= lanesInMetricsMax) return 'other';
    shown.add(id);
    return id;
  };
  const measure = (lanes: Iterable<Lane>, nowMs: number): void => {
    const sums = new Map<string, { count: number; age: number; posting: number }>();
    for (const lane of lanes) {
      const name = nameOf(lane.id);
      const { count, age, posting } = sums.get(name) ?? nothing;
      const ageHere = lane.oldestAt === null ? 0 : nowMs - lane.oldestAt;
      sums.set(name, {
        count: count + lane.pending,
        age: Math.max(age, ageHere),
        posting: posting + lane.inFlight,
      });
    }
    for (const webhook of new Set([...shown, ...sums.keys()])) {
      const { count, age, posting } = sums.get(webhook) ?? nothing;
      depth.set({ webhook }, count);
      oldest.set({ webhook }, age);
      inFlight.set({ webhook }, posting);
    }
  };
  return {
    attempted(webhook, result, tookMs) {
      attempts.add({ webhook: nameOf(webhook), result });
      took.observe({}, tookMs);
    },
    delivered: (webhook, ageMs) => latency.observe({ webhook: nameOf(webhook) }, ageMs),
    overflowed: () => overflows.add({}),
    measure,
  };
}

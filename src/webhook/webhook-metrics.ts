/** What the webhook thread counts. Labels are bounded: results, and the first lanes by id (then `other`). */
import type { MetricRegistry } from '../monitoring/metrics.ts';
import type { DeliveryStatus } from '../protocol/webhook.ts';
import type { Lane } from './lane.ts';
import { lanesInMetricsMax } from './limits.ts';

export interface WebhookMetrics {
  attempted(result: DeliveryStatus, tookMs: number): void;
  /** Milliseconds from the event to its delivery. */
  delivered(ageMs: number): void;
  overflowed(): void;
  /** Sets the gauges by lane; called before the registry is read. */
  measure(lanes: Iterable<Lane>, nowMs: number): void;
}

export interface WebhookGauges {
  inFlight(): number;
  openBreakers(): number;
  knownEntries(): number;
  unsettled(): number;
}

const bucketsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

export function createWebhookMetrics(registry: MetricRegistry, gauges: WebhookGauges): WebhookMetrics {
  const attempts = registry.counter('elenco_webhook_attempts_total', 'Deliveries tried, by result', [
    'result',
  ]);
  const took = registry.histogram('elenco_webhook_attempt_milliseconds', 'How long a POST took', bucketsMs);
  const latency = registry.histogram(
    'elenco_webhook_latency_milliseconds',
    'From the event to its delivery',
    bucketsMs,
  );
  const overflows = registry.counter('elenco_webhook_ring_overflows_total', 'Rings found full, then paged');
  const depth = registry.gauge('elenco_webhook_pending', 'Undelivered events, by webhook', ['webhook']);
  const oldest = registry.gauge(
    'elenco_webhook_oldest_age_milliseconds',
    'Age of the oldest undelivered event, by webhook',
    ['webhook'],
  );
  registry.measured('elenco_webhook_in_flight', 'Deliveries under way', gauges.inFlight);
  registry.measured('elenco_webhook_breakers_open', 'Origins that are being spared', gauges.openBreakers);
  registry.measured(
    'elenco_webhook_known_entries',
    'Undelivered events known in memory',
    gauges.knownEntries,
  );
  registry.measured('elenco_webhook_unsettled', 'Deliveries not yet written to the outbox', gauges.unsettled);
  const shown = new Set<string>();
  const measure = (lanes: Iterable<Lane>, nowMs: number): void => {
    const pending = new Map<string, { count: number; age: number }>();
    for (const lane of lanes) {
      if (shown.size < lanesInMetricsMax) shown.add(lane.id);
      const name = shown.has(lane.id) ? lane.id : 'other';
      const sum = pending.get(name) ?? { count: 0, age: 0 };
      const age = lane.oldestAt === null ? 0 : nowMs - lane.oldestAt;
      pending.set(name, { count: sum.count + lane.pending, age: Math.max(sum.age, age) });
    }
    for (const webhook of new Set([...shown, ...pending.keys()])) {
      depth.set({ webhook }, pending.get(webhook)?.count ?? 0);
      oldest.set({ webhook }, pending.get(webhook)?.age ?? 0);
    }
  };
  return {
    attempted(result, tookMs) {
      attempts.add({ result });
      took.observe({}, tookMs);
    },
    delivered: (ageMs) => latency.observe({}, ageMs),
    overflowed: () => overflows.add({}),
    measure,
  };
}

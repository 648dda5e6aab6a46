/** What a shard counts. Labels are bounded: states, results and caches, never instances or chats. */
import type { MetricRegistry } from '../monitoring/metrics.ts';
import { type InstanceState, instanceStates } from '../protocol/instance.ts';
import type { CacheBoard, CacheTally } from '../whatsapp/cache-board.ts';
import type { NumberCache } from './number-cache.ts';

export interface ShardMetrics {
  inbound(): void;
  /** `result`: sent, or the error code of a refusal. */
  outbound(result: string): void;
  reconnected(): void;
  /** Milliseconds from accepting a send to the server's acknowledgement. */
  acknowledged(tookMs: number): void;
  /** A file of a message that came in, with MEDIA_STORE=local. */
  media(result: 'kept' | 'failed' | 'left'): void;
}

export interface ShardGauges {
  states(): Readonly<Record<InstanceState, number>>;
  outgoingDepth(): number;
  handshakesWaiting(): number;
  mediaWaiting(): number;
  /** Seconds since the last inbound message of the open instance that has been silent longest; 0 for none. */
  silentSecondsMax(): number;
  readonly numbers: NumberCache;
  readonly caches: CacheBoard;
}

const ackBucketsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000];

export function createShardMetrics(registry: MetricRegistry): ShardMetrics {
  const inbound = registry.counter('elenco_messages_received_total', 'Messages made into events');
  const outbound = registry.counter('elenco_messages_sent_total', 'Sends, by result', ['result']);
  const reconnects = registry.counter('elenco_instance_reconnects_total', 'Reconnects scheduled');
  const acks = registry.histogram(
    'elenco_send_ack_milliseconds',
    'From accepting a message to the acknowledgement of the server',
    ackBucketsMs,
  );
  const media = registry.counter('elenco_media_kept_total', 'Files of messages, by result', ['result']);
  return {
    inbound: () => inbound.add({}),
    outbound: (result) => outbound.add({ result }),
    reconnected: () => reconnects.add({}),
    acknowledged: (tookMs) => acks.observe({}, tookMs),
    media: (result) => media.add({ result }),
  };
}

/** Gauges that are read when metrics are collected. */
export function registerShardGauges(registry: MetricRegistry, gauges: ShardGauges): void {
  const { numbers } = gauges;
  for (const state of instanceStates)
    registry.measured(
      `elenco_instances_${state}`,
      `Instances in state ${state}`,
      () => gauges.states()[state],
    );
  registry.measured('elenco_outgoing_queue_depth', 'Messages not yet acknowledged', gauges.outgoingDepth);
  registry.measured('elenco_handshakes_waiting', 'Instances that wait for a slot', gauges.handshakesWaiting);
  registry.measured('elenco_media_waiting', 'Files of messages that are to be fetched', gauges.mediaWaiting);
  registry.measured(
    'elenco_instance_silent_seconds_max',
    'Time since the last inbound message of the open instance silent longest',
    gauges.silentSecondsMax,
  );
  registry.measured('elenco_number_cache_entries', 'Numbers in the cache', () => numbers.size);
  registry.measuredTotal('elenco_number_cache_hits_total', 'Answers from the cache', () => numbers.hits);
  registry.measuredTotal('elenco_number_cache_misses_total', 'Questions to WhatsApp', () => numbers.misses);
  registerSocketCache(registry, 'elenco_device_cache', 'Device lists', gauges.caches.devices);
  registerSocketCache(registry, 'elenco_group_cache', 'Groups', gauges.caches.groups);
}

function registerSocketCache(registry: MetricRegistry, name: string, what: string, tally: CacheTally): void {
  registry.measured(`${name}_entries`, `${what} in memory`, () => tally.size);
  registry.measuredTotal(`${name}_hits_total`, `${what} found, in memory or stored`, () => tally.hits);
  registry.measuredTotal(`${name}_misses_total`, `${what} asked of WhatsApp`, () => tally.misses);
}

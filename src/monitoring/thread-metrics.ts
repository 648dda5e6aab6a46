/**
 * What a thread reports of itself (`ThreadMetrics`), and the Prometheus page over all threads. Every thread
 * starts one probe; the main thread collects the reports and calls `aggregate`.
 */
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { ThreadMetrics } from '../protocol/metrics.ts';
import { readHeap, watchGarbageCollection } from './heap.ts';
import {
  createMetricRegistry,
  type LabelledMetrics,
  type MetricRegistry,
  renderPrometheus,
} from './metrics.ts';

export interface ThreadProbe {
  /** Utilization and loop delay are those since the last report. */
  report(): Promise<ThreadMetrics>;
  stop(): void;
}

const loopDelayResolutionMs = 10;

/** CPU seconds of the calling thread, user and system. */
function threadCpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

/** `thread` is `main`, `shard-0`, `webhook`, …; `registry` holds what the thread's rooms count. */
export function startThreadProbe(thread: string, registry: MetricRegistry): ThreadProbe {
  const delay = monitorEventLoopDelay({ resolution: loopDelayResolutionMs });
  delay.enable();
  const gc = watchGarbageCollection(registry);
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return {
    async report() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      const delayP99Ns = delay.percentile(99);
      delay.reset();
      return {
        thread,
        ...readHeap(),
        eventLoopUtilization: utilization,
        eventLoopDelayP99Ms: Math.max(0, delayP99Ns / 1e6 - loopDelayResolutionMs),
        cpuSeconds: threadCpuSeconds(),
        gcSeconds: gc.seconds(),
        prometheus: await registry.json(),
      };
    },
    stop() {
      delay.disable();
      gc.stop();
    },
  };
}

const threadGauges = {
  heapUsedBytes: ['elenco_thread_heap_used_bytes', 'Heap in use (old generation)'],
  heapLimitBytes: ['elenco_thread_heap_limit_bytes', 'Heap limit (old generation)'],
  externalBytes: ['elenco_thread_external_bytes', 'Memory outside the heap that the heap holds'],
  eventLoopUtilization: ['elenco_thread_event_loop_utilization', 'Share of time the loop was busy, 0 to 1'],
  eventLoopDelayP99Ms: ['elenco_thread_event_loop_delay_p99_ms', '99th percentile of the loop delay'],
} as const;

async function gaugesOf(all: readonly ThreadMetrics[]): Promise<readonly unknown[]> {
  const registry = createMetricRegistry();
  for (const [field, [name, help]] of Object.entries(threadGauges)) {
    const gauge = registry.gauge(name, help, ['thread']);
    for (const one of all) gauge.set({ thread: one.thread }, one[field as keyof typeof threadGauges]);
  }
  const cpu = registry.counter('elenco_thread_cpu_seconds_total', 'CPU time of the thread', ['thread']);
  for (const one of all) cpu.add({ thread: one.thread }, one.cpuSeconds);
  return registry.json();
}

/** Facts of the whole process, which one thread reports for all. */
const isOfProcess = (metric: unknown): boolean =>
  typeof metric === 'object' &&
  metric !== null &&
  'name' in metric &&
  typeof metric.name === 'string' &&
  /^(?:elenco_)?process_/.test(metric.name);

function sourcesOf({ thread, prometheus }: ThreadMetrics): LabelledMetrics[] {
  const ofProcess = prometheus.filter(isOfProcess);
  const ofThread = prometheus.filter((metric) => !isOfProcess(metric));
  return [
    { labels: {}, metrics: ofProcess },
    { labels: { thread }, metrics: ofThread },
  ];
}

/** Prometheus text over all threads; every value but the process's carries the `thread` that counted it. */
export async function aggregate(all: readonly ThreadMetrics[]): Promise<string> {
  return renderPrometheus([{ labels: {}, metrics: await gaugesOf(all) }, ...all.flatMap(sourcesOf)]);
}

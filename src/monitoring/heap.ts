/**
 * The heap of the calling thread as it counts against its limit, and the time that collecting garbage takes.
 * Used by the thread probe.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { isMainThread, resourceLimits } from 'node:worker_threads';
import type { ThreadMetrics } from '../protocol/metrics.ts';
import type { MetricRegistry } from './metrics.ts';

type Heap = Pick<ThreadMetrics, 'heapUsedBytes' | 'heapLimitBytes' | 'externalBytes'>;

const mib = 1_048_576;
const youngSpaces: readonly string[] = ['new_space', 'new_large_object_space'];

/** V8's own limit of a thread counts the young generation, which with a small heap is most of it. */
function oldGenerationLimitBytes(heapSizeLimit: number): number {
  const { maxOldGenerationSizeMb: limitMb = -1 } = isMainThread ? {} : resourceLimits;
  return limitMb > 0 ? Math.min(limitMb * mib, heapSizeLimit) : heapSizeLimit;
}

export function readHeap(): Heap {
  const { used_heap_size: used, heap_size_limit: limit, external_memory } = getHeapStatistics();
  const young = getHeapSpaceStatistics()
    .filter(({ space_name }) => youngSpaces.includes(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  return {
    heapUsedBytes: used - young,
    heapLimitBytes: oldGenerationLimitBytes(limit),
    externalBytes: external_memory,
  };
}

const { NODE_PERFORMANCE_GC_MAJOR, NODE_PERFORMANCE_GC_MINOR, NODE_PERFORMANCE_GC_INCREMENTAL } = constants;
const kinds: Readonly<Record<number, string>> = {
  [NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
};

/** What Node's types leave out. */
type CollectionEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };

export function watchGarbageCollection(registry: MetricRegistry): { seconds(): number; stop(): void } {
  const time = registry.counter(
    'elenco_thread_gc_seconds_total',
    'Time in which the thread stood still for garbage collection',
    ['kind'],
  );
  let seconds = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as CollectionEntry;
      const kind = kinds[detail.kind] ?? 'other';
      time.add({ kind }, duration / 1_000);
      seconds += duration / 1_000;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return { seconds: () => seconds, stop: () => observer.disconnect() };
}

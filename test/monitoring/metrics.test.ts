/** Metrics of several threads become one Prometheus page that parses, with the thread on every value. */
import { describe, expect, it } from 'vitest';
import { createHttpMetrics } from '../../src/monitoring/http-metrics.ts';
import { createMetricRegistry } from '../../src/monitoring/metrics.ts';
import { registerProcessMetrics } from '../../src/monitoring/process-metrics.ts';
import { aggregate, startThreadProbe } from '../../src/monitoring/thread-metrics.ts';
import { parsePrometheus } from './support/prometheus.ts';

async function report(thread: string, registry = createMetricRegistry()) {
  const probe = startThreadProbe(thread, registry);
  const metrics = await probe.report();
  probe.stop();
  return metrics;
}

describe('thread metrics', () => {
  it('reports heap, loop and CPU of the thread', async () => {
    const metrics = await report('main');
    expect(metrics.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(metrics.heapLimitBytes).toBeGreaterThan(metrics.heapUsedBytes);
    expect(metrics.externalBytes).toBeGreaterThan(0);
    expect(metrics.cpuSeconds).toBeGreaterThan(0);
    expect(metrics.gcSeconds).toBeGreaterThanOrEqual(0);
    expect(metrics.eventLoopUtilization).toBeGreaterThanOrEqual(0);
    expect(metrics.eventLoopUtilization).toBeLessThanOrEqual(1);
    expect(metrics.eventLoopDelayP99Ms).toBeGreaterThanOrEqual(0);
  });

  it('survives a structured clone, as it crosses threads', async () => {
    const registry = createMetricRegistry();
    registry.counter('seen_total', 'Seen', ['kind']).add({ kind: 'a' }, 2);
    const cloned = structuredClone(await report('shard-0', registry));
    const page = parsePrometheus(await aggregate([cloned]));
    expect(page.value('seen_total', { kind: 'a', thread: 'shard-0' })).toBe(2);
  });

  it('keeps the threads apart and keeps counters, gauges and histograms', async () => {
    const one = createMetricRegistry();
    const two = createMetricRegistry();
    for (const [index, registry] of [one, two].entries()) {
      registry.counter('sends_total', 'Sends').add({}, index + 1);
      registry.gauge('depth', 'Depth').set({}, 10 * (index + 1));
      registry.histogram('took_seconds', 'Took', [0.1, 1], ['kind']).observe({ kind: 'x' }, 0.5);
    }
    const page = parsePrometheus(
      await aggregate([await report('shard-0', one), await report('shard-1', two)]),
    );
    expect(page.types.get('took_seconds')).toBe('histogram');
    expect(page.value('sends_total', { thread: 'shard-0' })).toBe(1);
    expect(page.value('sends_total', { thread: 'shard-1' })).toBe(2);
    expect(page.value('depth', { thread: 'shard-1' })).toBe(20);
    expect(page.value('took_seconds_bucket', { kind: 'x', le: '0.1', thread: 'shard-0' })).toBe(0);
    expect(page.value('took_seconds_bucket', { kind: 'x', le: '+Inf', thread: 'shard-0' })).toBe(1);
    expect(page.value('took_seconds_count', { kind: 'x', thread: 'shard-1' })).toBe(1);
    expect(page.value('elenco_thread_heap_used_bytes', { thread: 'shard-1' })).toBeGreaterThan(0);
  });

  it('reads measured values again at every collection', async () => {
    const registry = createMetricRegistry();
    let total = 5;
    registry.measuredTotal('read_total', 'Read', () => total);
    registerProcessMetrics(registry);
    const probe = startThreadProbe('main', registry);
    const value = async () => parsePrometheus(await aggregate([await probe.report()]));
    expect((await value()).value('read_total', { thread: 'main' })).toBe(5);
    total = 9;
    const page = await value();
    expect(page.value('read_total', { thread: 'main' })).toBe(9);
    expect(page.value('process_resident_memory_bytes', {})).toBeGreaterThan(10_000_000);
    probe.stop();
  });

  it('counts HTTP by route template and status class, whatever the client sends as method', async () => {
    const registry = createMetricRegistry();
    const http = createHttpMetrics(registry);
    const request = { route: '/v1/instances/{id}', seconds: 0.02, hasWaited: false };
    http.answered({ ...request, method: 'GET', status: 404 });
    http.answered({ ...request, method: 'BREW', status: 405 });
    http.connectionOpened();
    const page = parsePrometheus(await aggregate([await report('main', registry)]));
    const labels = { route: '/v1/instances/{id}', status: '4xx', thread: 'main' };
    expect(page.value('elenco_http_requests_total', { ...labels, method: 'GET' })).toBe(1);
    expect(page.value('elenco_http_requests_total', { ...labels, method: 'other' })).toBe(1);
    expect(page.value('elenco_http_connections', { thread: 'main' })).toBe(1);
  });
});

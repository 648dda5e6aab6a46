/** Sums over threads and percentiles of a histogram between two looks. */
import { describe, expect, it } from 'vitest';
import { bucketsOf, isReported, spreadBetween, total } from '../../src/directory/readings.ts';
import { createMetricRegistry } from '../../src/monitoring/metrics.ts';
import type { ThreadMetrics } from '../../src/protocol/metrics.ts';

const thread = async (registry: ReturnType<typeof createMetricRegistry>): Promise<ThreadMetrics> => ({
  ...{ thread: 'x', heapUsedBytes: 0, heapLimitBytes: 1, externalBytes: 0, eventLoopUtilization: 0 },
  ...{ eventLoopDelayP99Ms: 0, cpuSeconds: 0, gcSeconds: 0, prometheus: await registry.json() },
});

const name = 'seconds';

describe('readings', () => {
  it('add up over threads and labels', async () => {
    const [one, two] = [createMetricRegistry(), createMetricRegistry()];
    for (const [registry, amount] of [
      [one, 2],
      [two, 5],
    ] as const) {
      const counter = registry.counter('sent_total', 'Sent', ['result']);
      counter.add({ result: 'ok' }, amount);
      counter.add({ result: 'no' });
    }
    const threads = [await thread(one), await thread(two)];
    expect(total(threads, 'sent_total')).toBe(9);
    expect(total(threads, 'sent_total', { result: 'ok' })).toBe(7);
    expect(total(threads, 'nothing')).toBe(0);
    expect(isReported(threads, 'sent_total')).toBe(true);
    expect(isReported(threads, 'nothing')).toBe(false);
  });

  it('percentiles count only what came between two looks, and leave routes out', async () => {
    const registry = createMetricRegistry();
    const histogram = registry.histogram(name, 'Seconds', [0.1, 1, 5, 10], ['route']);
    const look = async () => bucketsOf([await thread(registry)], name, ({ route }) => route !== '/wait');
    for (let at = 0; at < 100; at++) histogram.observe({ route: '/a' }, 9);
    const before = await look();
    for (let at = 0; at < 90; at++) histogram.observe({ route: '/a' }, 0.05);
    for (let at = 0; at < 10; at++) histogram.observe({ route: '/b' }, 7);
    for (let at = 0; at < 500; at++) histogram.observe({ route: '/wait' }, 20);
    const after = await look();
    expect(spreadBetween(before, after, 0.5)).toEqual({ count: 100, percentile: expect.closeTo(0.0556, 3) });
    expect(spreadBetween(before, after, 0.95)).toEqual({ count: 100, percentile: 7.5 });
    expect(spreadBetween(after, after, 0.95)).toEqual({ count: 0, percentile: null });
  });

  it('beyond the last bound the bound is told', async () => {
    const registry = createMetricRegistry();
    registry.histogram(name, 'Seconds', [1, 5]).observe({}, 100);
    const after = bucketsOf([await thread(registry)], name, () => true);
    expect(spreadBetween(new Map(), after, 0.95).percentile).toBe(5);
  });
});

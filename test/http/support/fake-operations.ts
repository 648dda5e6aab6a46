/** Operations that answer at once and keep what they were asked. */
import type { LogLevel } from '../../../src/log.ts';
import { type InstanceState, instanceStates } from '../../../src/protocol/instance.ts';
import type { AlertView, Operations, SystemMetrics } from '../../../src/protocol/operations.ts';

const empty = { entries: 0, hits: 0, misses: 0, hitRate: null };

export const someMetrics: SystemMetrics = {
  ...{ at: 0, version: '0.0.0-test', uptimeSeconds: 1.5, cpuShare: null, cores: 2 },
  memory: { residentBytes: 2, anonymousBytes: 1, allottedBytes: 4, usedShare: 0.25 },
  threads: [
    {
      ...{ thread: 'main', heapUsedBytes: 1, heapLimitBytes: 2, externalBytes: 0 },
      ...{ eventLoopUtilization: 0.1, eventLoopDelayP99Ms: 0.5, cpuSeconds: 1, gcSeconds: 0 },
    },
  ],
  instances: {
    ...{ total: 0, connectedShare: 1, reconnects: 0 },
    byState: Object.fromEntries(instanceStates.map((state) => [state, 0])) as Record<InstanceState, number>,
  },
  http: { requests: 1, serverErrors: 0, connections: 1, responseP95Ms: null, requestsPerMinute: 0 },
  messages: { received: 0, sent: 0, refused: 0 },
  caches: { numbers: empty, devices: empty, groups: empty, qr: empty },
  webhooks: {
    ...{ pending: 0, inFlight: 0, delivered: 0, retried: 0, dead: 0, successRate: null },
    breakersOpen: 0,
  },
};

export class FakeOperations implements Operations {
  firing: AlertView[] = [];
  cleared: unknown[] = [];
  level: LogLevel = 'info';

  async metrics(): Promise<SystemMetrics> {
    return someMetrics;
  }

  instanceMetrics() {
    return [
      {
        ...({ id: 'one', state: 'open', shard: 0, stateSince: 0, openForMs: 5, reconnects: 1 } as const),
        ...{ lastError: null, lastInboundAgeMs: 3, lastOutboundAgeMs: null },
        ...{ received: 2, sent: 1, sendErrors: 0 },
      },
    ];
  }

  alerts(): readonly AlertView[] {
    return this.firing;
  }

  async clearCaches(caches: readonly string[], instance: string | null): Promise<Record<string, number>> {
    this.cleared.push({ caches, instance });
    return Object.fromEntries(caches.map((name) => [name, 7]));
  }

  async collectGarbage() {
    return [{ thread: 'main', heapBytesBefore: 10, heapBytesAfter: 5 }];
  }

  async writeHeapSnapshot(thread: string) {
    return { thread, file: '/data/heap-snapshots/x', bytes: 9 };
  }

  async writeCpuProfile(thread: string) {
    return { thread, file: '/data/cpu-profiles/x', bytes: 9 };
  }

  changeLogLevel(level: LogLevel): void {
    this.level = level;
  }
}

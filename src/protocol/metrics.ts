/** What a thread reports of itself: prom-client's own JSON (so that the main thread can aggregate) and gauges. */
export interface ThreadMetrics {
  readonly thread: string;
  /** The old generation, which is what the limit is for: the young one comes on top and is always half garbage. */
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly eventLoopUtilization: number;
  readonly eventLoopDelayP99Ms: number;
  readonly cpuSeconds: number;
  /** Since the thread began. */
  readonly gcSeconds: number;
  /** `register.getMetricsAsJSON()` of the thread's own registry. */
  readonly prometheus: readonly unknown[];
}

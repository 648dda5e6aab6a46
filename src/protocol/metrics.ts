/** What a thread reports of itself: prom-client's own JSON (so that the main thread can aggregate) and gauges. */
export interface ThreadMetrics {
  readonly thread: string;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly eventLoopUtilization: number;
  readonly eventLoopDelayP99Ms: number;
  readonly cpuSeconds: number;
  /** `register.getMetricsAsJSON()` of the thread's own registry. */
  readonly prometheus: readonly unknown[];
}

/** Metrics of the whole process, read when they are collected. The main thread registers them, nobody else. */
import type { MetricRegistry } from './metrics.ts';

/** Names are Prometheus' own for processes, so that stock dashboards work. */
export function registerProcessMetrics(registry: MetricRegistry): void {
  const { measured, measuredTotal } = registry;
  measured('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  measuredTotal(
    'process_cpu_user_seconds_total',
    'CPU time in user mode',
    () => process.cpuUsage().user / 1e6,
  );
  measuredTotal(
    'process_cpu_system_seconds_total',
    'CPU time in the kernel',
    () => process.cpuUsage().system / 1e6,
  );
  measured('elenco_process_uptime_seconds', 'Time since the process started', () => process.uptime());
}

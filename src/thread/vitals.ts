/**
 * Figures of the thread that calls it: loop utilization and delay, heap, external memory, CPU. Used inside
 * guests and, for the main thread, by whoever shows its health. Each instance reports since its last reading.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { loopDelayResolutionMs } from './limits.ts';

export interface VitalsReading {
  readonly elu: number;
  readonly loopDelayP99Ms: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
}

export class Vitals {
  readonly #delay = monitorEventLoopDelay({ resolution: loopDelayResolutionMs });
  #elu = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  read(): VitalsReading {
    const elu = performance.eventLoopUtilization();
    const window = performance.eventLoopUtilization(elu, this.#elu);
    this.#elu = elu;
    // The histogram counts the sampling period itself as delay.
    const p99Ms = this.#delay.percentile(99) / 1e6 - loopDelayResolutionMs;
    this.#delay.reset();
    const memory = process.memoryUsage();
    const cpu = process.threadCpuUsage();
    return {
      elu: window.utilization,
      loopDelayP99Ms: Math.max(0, p99Ms),
      heapUsedBytes: memory.heapUsed,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      cpuUserMs: cpu.user / 1000,
      cpuSystemMs: cpu.system / 1000,
    };
  }

  close(): void {
    this.#delay.disable();
  }
}

/**
 * Asks for the state of one instance fifty times a second from a thread of its own, with a higher priority where
 * the system allows it: the latency that it reports is the gateway's. `instances.ts` starts and reads it.
 */
import { Agent, request } from 'node:http';
import { setPriority } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { benchKey } from './instances-process.ts';
import { quantile } from './lib/figures.ts';

export interface Latency {
  readonly asked: number;
  readonly failed: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export const latencyOf = (values: readonly number[], failed = 0): Latency => ({
  asked: values.length,
  failed,
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
  max: quantile(values, 1),
});

/** `stop` answers with what was seen since the start. */
export class Probe {
  readonly #worker: Worker;

  constructor(port: number, path: string) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { port, path } });
  }

  stop(): Promise<Latency> {
    return new Promise((resolve) => {
      this.#worker.once('message', (latency: Latency) => {
        resolve(latency);
        void this.#worker.terminate();
      });
      this.#worker.postMessage('stop');
    });
  }
}

const periodMs = 20;

function ask(agent: Agent, { port, path }: { port: number; path: string }): Promise<number> {
  const start = performance.now();
  const headers = { authorization: `Bearer ${benchKey}` };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(performance.now() - start));
    });
    asked.on('error', reject).end();
  });
}

function serve(): void {
  try {
    setPriority(0, -10);
  } catch {
    // Not allowed here: the figures then contain the wait for a core.
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const seen: number[] = [];
  let failed = 0;
  const timer = setInterval(() => {
    ask(agent, workerData).then(
      (ms) => seen.push(ms),
      () => {
        failed += 1;
      },
    );
  }, periodMs);
  parentPort?.on('message', () => {
    clearInterval(timer);
    parentPort?.postMessage(latencyOf(seen, failed));
  });
}

if (!isMainThread) serve();

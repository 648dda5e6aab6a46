/** The client of `bench/http.ts`, in a worker of the measured process: asks one URL, so many at once, so often. */
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';
import { quantile } from './lib/figures.ts';

export interface ClientOrder {
  readonly origin: string;
  readonly path: string;
  readonly key: string;
}
export interface ClientReport {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const inFlight = 64;
const { origin, path, key } = workerData as ClientOrder;
const pool = new Pool(origin, { connections: inFlight, pipelining: 1 });
const headers = { authorization: `Bearer ${key}`, accept: 'application/json' };

async function ask(): Promise<number> {
  const from = performance.now();
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
  await body.dump();
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
  return performance.now() - from;
}

async function askAll(requests: number): Promise<ClientReport> {
  const ms: number[] = [];
  const from = performance.now();
  const one = async (): Promise<void> => {
    while (ms.length + inFlight <= requests) ms.push(await ask());
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const seconds = (performance.now() - from) / 1_000;
  return { perSecond: ms.length / seconds, p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) };
}

parentPort?.on('message', (requests: number) => {
  askAll(requests).then(
    (report) => parentPort?.postMessage(report),
    (error: unknown) => {
      throw error;
    },
  );
});

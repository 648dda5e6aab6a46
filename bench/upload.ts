/**
 * Does a 100 MiB upload hold up anybody else? The latency of a state query, asked every few milliseconds, alone and
 * while files of that size go through the gateway to WhatsApp's media host, as multipart and as base64.
 */
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { memoryOf } from './instances-process.ts';
import { pause, Stage } from './instances-stage.ts';
import { printBars, printTable, writeResults } from './lib/report.ts';
import type { UploadOrder } from './upload-client.ts';

const mib = 1_048_576;
const queryEveryMs = 5;
const shiftMaxMs = 10;
const growthMaxMb = 64;

/** Resolves when all files are taken. */
async function uploads(order: UploadOrder): Promise<void> {
  const client = new Worker(new URL('./upload-client.ts', import.meta.url), { workerData: order });
  const [code] = (await once(client, 'exit')) as [number];
  if (code !== 0) throw new Error(`the uploading client ended with ${code}`);
}

interface Watched {
  readonly what: string;
  readonly ms: number[];
  /** The most that was seen, above what it was before. */
  readonly growthMb: number;
}

/** Latencies of state queries until `work` is over, and the most memory that was seen meanwhile. */
async function queriedWhile(stage: Stage, what: string, start: () => Promise<unknown>): Promise<Watched> {
  await stage.collect();
  const before = memoryOf(stage.gateway.pid).anonMb;
  const ms: number[] = [];
  let isOver = false;
  let mostMb = before;
  const ended = start().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const from = performance.now();
    await stage.rest.raw('GET', '/v1/instances/i0');
    ms.push(performance.now() - from);
    if (ms.length % 20 === 0) mostMb = Math.max(mostMb, memoryOf(stage.gateway.pid).anonMb);
    await pause(queryEveryMs);
  }
  await ended;
  return { what, ms, growthMb: mostMb - before };
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

export async function bench(isShort: boolean): Promise<boolean> {
  const sizeBytes = (isShort ? 16 : 96) * mib;
  const rounds = isShort ? 1 : 5;
  const stage = await Stage.start('ours', { MEDIA_MAX_BYTES: String(104_857_600) });
  const { port } = stage;
  try {
    await stage.pair(1);
    // WhatsApp's hosts are elsewhere: what plays them here takes the cores when nobody else wants them.
    setPriority(stage.phone.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    await uploads({ port, kind: 'multipart', sizeBytes: mib, rounds: 1 });
    const watched = [await queriedWhile(stage, 'idle', () => pause(isShort ? 2_000 : 10_000))];
    for (const kind of ['multipart', 'base64'] as const)
      watched.push(await queriedWhile(stage, kind, () => uploads({ port, kind, sizeBytes, rounds })));
    const figures = watched.map(({ what, ms, growthMb }) => ({
      ...{ what, queries: ms.length, p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) },
      ...{ maxMs: Math.max(...ms), growthMb },
    }));
    printTable(
      ['while', 'queries', 'p50 ms', 'p99 ms', 'max ms', 'memory MB'],
      figures.map(({ what, queries, p50Ms, p99Ms, maxMs, growthMb }) => [
        ...[
          what,
          String(queries),
          p50Ms.toFixed(2),
          p99Ms.toFixed(2),
          maxMs.toFixed(2),
          `+${growthMb.toFixed(0)}`,
        ],
      ]),
    );
    if (!isShort) writeResults('upload', { sizeBytes, rounds, figures });
    const idleMs = figures[0]?.p99Ms ?? 0;
    return printBars(
      figures.slice(1).flatMap(({ what, p99Ms, growthMb }) => [
        {
          ...{ name: `${what}: p99 of a state query, ms more than idle`, sense: 'at most' as const },
          ...{ measured: p99Ms - idleMs, bound: shiftMaxMs },
        },
        {
          ...{ name: `${what}: memory, MB more than before`, sense: 'at most' as const },
          ...{ measured: growthMb, bound: growthMaxMb },
        },
      ]),
    );
  } finally {
    await stage.stop();
  }
}

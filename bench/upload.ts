/**
 * Does a 100 MiB upload hold up anybody else? The latency of a state query, asked every few milliseconds, alone and
 * while files of that size go through the gateway to WhatsApp's media host, as multipart and as base64.
 */
import { Pool } from 'undici';
import { benchKey, memoryOf } from './instances-process.ts';
import { Stage } from './instances-stage.ts';
import { printBars, printTable, writeResults } from './lib/report.ts';

const mib = 1_048_576;
const queryEveryMs = 5;
const boundary = 'elenco-upload-bench';
const contact = '5511987658002';
const shiftMaxMs = 10;

type Kind = 'multipart' | 'base64';

const json = (more: object): string =>
  JSON.stringify({ to: contact, type: 'document', wait: 'queued', ...more });

function* multipart(sizeBytes: number): Generator<Buffer> {
  const part = (name: string, rest: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${rest}\r\n\r\n`;
  yield Buffer.from(`${part('json', '')}${json({})}\r\n${part('file', '; filename="a.bin"')}`);
  const piece = Buffer.alloc(65_536, 7);
  for (let sent = 0; sent < sizeBytes; sent += piece.length) yield piece;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

function* base64(sizeBytes: number): Generator<Buffer> {
  const [before = '', after = ''] = json({ media: { base64: '@' } }).split('@');
  yield Buffer.from(before);
  const piece = Buffer.from(Buffer.alloc(49_152, 7).toString('base64'));
  for (let sent = 0; sent < sizeBytes; sent += 49_152) yield piece;
  yield Buffer.from(after);
}

async function upload(pool: Pool, kind: Kind, sizeBytes: number): Promise<number> {
  const isForm = kind === 'multipart';
  const from = performance.now();
  const answer = await pool.request({
    method: 'POST',
    path: '/v1/instances/i0/messages',
    headers: {
      authorization: `Bearer ${benchKey}`,
      'content-type': isForm ? `multipart/form-data; boundary=${boundary}` : 'application/json',
    },
    body: (isForm ? multipart(sizeBytes) : base64(sizeBytes)) as unknown as Buffer,
    headersTimeout: 120_000,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 201) throw new Error(`upload: ${answer.statusCode} ${text}`);
  return performance.now() - from;
}

/** Latencies of state queries until `work` is over, and the most memory that was seen meanwhile. */
async function queriedWhile(stage: Stage, work: Promise<unknown>): Promise<{ ms: number[]; anonMb: number }> {
  const ms: number[] = [];
  let isOver = false;
  let anonMb = 0;
  const ended = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const from = performance.now();
    await stage.rest.raw('GET', '/v1/instances/i0');
    ms.push(performance.now() - from);
    if (ms.length % 20 === 0) anonMb = Math.max(anonMb, memoryOf(stage.gateway.pid).anonMb);
    await new Promise((resolve) => setTimeout(resolve, queryEveryMs));
  }
  await ended;
  return { ms, anonMb };
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function bench(isShort: boolean): Promise<boolean> {
  const sizeBytes = (isShort ? 16 : 96) * mib;
  const rounds = isShort ? 1 : 5;
  const stage = await Stage.start('ours', { MEDIA_MAX_BYTES: String(104_857_600) });
  const pool = new Pool(`http://127.0.0.1:${stage.port}`, { connections: 1 });
  try {
    await stage.pair(1);
    await upload(pool, 'multipart', mib);
    const idle = await queriedWhile(stage, pause(isShort ? 2_000 : 10_000));
    const rows = [{ what: 'idle', ...idle }];
    for (const kind of ['multipart', 'base64'] as const) {
      const all = async (): Promise<void> => {
        for (let round = 0; round < rounds; round++) await upload(pool, kind, sizeBytes);
      };
      rows.push({ what: kind, ...(await queriedWhile(stage, all())) });
    }
    const figures = rows.map(({ what, ms, anonMb }) => ({
      ...{ what, queries: ms.length, p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) },
      ...{ maxMs: Math.max(...ms), anonMb },
    }));
    printTable(
      ['while', 'queries', 'p50 ms', 'p99 ms', 'max ms', 'RssAnon MB'],
      figures.map(({ what, queries, p50Ms, p99Ms, maxMs, anonMb }) => [
        ...[what, String(queries), p50Ms.toFixed(2), p99Ms.toFixed(2), maxMs.toFixed(2), anonMb.toFixed(0)],
      ]),
    );
    if (!isShort) writeResults('upload', { sizeBytes, rounds, figures });
    const base = figures[0];
    return printBars(
      figures.slice(1).flatMap(({ what, p99Ms, anonMb }) => [
        {
          ...{ name: `${what}: p99 of a state query, ms more than idle`, sense: 'at most' as const },
          ...{ measured: p99Ms - (base?.p99Ms ?? 0), bound: shiftMaxMs },
        },
        {
          ...{ name: `${what}: memory, MB more than idle`, sense: 'at most' as const },
          ...{ measured: anonMb - (base?.anonMb ?? 0), bound: 64 },
        },
      ]),
    );
  } finally {
    await pool.destroy();
    await stage.stop();
  }
}

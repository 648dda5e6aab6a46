/**
 * What does a delivery cost over bare undici, how fast does a backlog drain and in how much memory, what does
 * a shard pay an event, and how late is an event at 1,000 a second? Bars as issue F sets them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { figureOf, ratioOf, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { type Bar, printBars, printTable, writeResults } from './lib/report.ts';
import type { RunResult } from './webhooks-run.ts';

const runScript = new URL('./webhooks-run.ts', import.meta.url);
const serverScript = new URL('./webhooks-server.ts', import.meta.url);
type Rounds = Map<string, RunResult[]>;

async function startServer(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [fileURLToPath(serverScript)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('the server has no stdout');
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: `http://127.0.0.1:${port.toString().trim()}/hook` };
}

const column = (rounds: Rounds, variant: string, of: keyof RunResult): number[] =>
  (rounds.get(variant) ?? []).map((result) => result[of]);

function barsOf(rounds: Rounds): Bar[] {
  const ratio = (of: keyof RunResult): number =>
    ratioOf(column(rounds, 'drain', of), column(rounds, 'bare', of)).median;
  const median = (variant: string, of: keyof RunResult): number =>
    figureOf(column(rounds, variant, of)).median;
  const heapMb = median('drain', 'heapMb');
  return [
    { name: 'drain rate / bare undici', measured: ratio('perSecond'), bound: 0.6, sense: 'at least' },
    { name: 'CPU a delivery / bare undici', measured: ratio('cpuUs'), bound: 3, sense: 'at most' },
    { name: 'heap while draining, MB', measured: heapMb, bound: 150, sense: 'at most' },
    {
      name: 'enqueue in flushes of 16, us p50',
      measured: median('enqueue16', 'p50'),
      bound: 20,
      sense: 'at most',
    },
  ];
}

function print(rounds: Rounds): void {
  const row = (variant: string, title: string, of: readonly (keyof RunResult)[]): string[] => [
    title,
    ...of.map((one) => spread(figureOf(column(rounds, variant, one)))),
  ];
  const rates = ['perSecond', 'cpuUs', 'heapMb'] as const;
  printTable(
    ['delivering', 'POST/s', 'CPU us/POST', 'heap MB'],
    [row('bare', 'bare undici Pool', rates), row('drain', 'backlog through the actor', rates)],
  );
  printTable(
    ['a shard pays an event', 'p50 us', 'p99 us'],
    [row('enqueue1', 'one at a time', ['p50', 'p99']), row('enqueue16', 'in flushes of 16', ['p50', 'p99'])],
  );
  printTable(
    ['event to endpoint, about 1,000/s', 'p50 ms', 'p99 ms', 'events/s', 'CPU us/event'],
    [row('stream', 'commit, ring, POST', ['p50', 'p99', 'perSecond', 'cpuUs'])],
  );
}

export async function bench(isShort: boolean): Promise<boolean> {
  const { child, url } = await startServer();
  try {
    const counts: Record<string, number> = isShort
      ? { bare: 4_000, drain: 4_000, enqueue1: 1_000, enqueue16: 8_000, stream: 1_000 }
      : { bare: 50_000, drain: 50_000, enqueue1: 10_000, enqueue16: 80_000, stream: 10_000 };
    // The backlog of issue F: BACKLOG=1000000, minutes long, so once only.
    const backlog = process.env['BACKLOG'];
    counts['drain'] = Number(backlog ?? counts['drain']);
    const times = backlog === undefined ? (isShort ? 2 : 5) : 1;
    const rounds = await runRounds(Object.keys(counts), times, (variant) =>
      runFresh<RunResult>(runScript, [variant, url, String(counts[variant])]),
    );
    print(rounds);
    const bars = barsOf(rounds);
    const areMet = printBars(bars);
    const name = backlog === undefined ? 'webhooks' : `webhooks-backlog-${backlog}`;
    writeResults(isShort ? 'webhooks-short' : name, { counts, bars, ...Object.fromEntries(rounds) });
    // A short run shows that the bench works; its rates are those of a cold process on a shared machine.
    return areMet || isShort;
  } finally {
    child.kill();
  }
}

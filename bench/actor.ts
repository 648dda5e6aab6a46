/**
 * How fast is an ask across threads, and what does the runtime cost over what it is built on? Every variant in
 * fresh processes, order alternated, medians and spread, ratios paired by round. Bars as issue C sets them.
 */
import type { AskResult } from './actor-ask.ts';
import type { CrashResult } from './actor-crash.ts';
import type { EventsResult } from './actor-events.ts';
import { type Figure, figureOf, ratioOf, short, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { type Bar, printBars, printTable, writeResults } from './lib/report.ts';

const askScript = new URL('./actor-ask.ts', import.meta.url);
const eventsScript = new URL('./actor-events.ts', import.meta.url);
const crashScript = new URL('./actor-crash.ts', import.meta.url);
const askVariants = ['runtime', 'clone', 'batch', 'comlink'];
const askTitles: Record<string, string> = {
  runtime: 'runtime (Comlink, msgpack frames)',
  clone: 'raw MessagePort, structured clone',
  batch: 'raw MessagePort, batched msgpack',
  comlink: 'one Comlink call per ask',
};

type AskRounds = Map<string, AskResult[][]>;

export async function bench(isShort: boolean): Promise<boolean> {
  const rounds = isShort ? 2 : 5;
  const ms = isShort ? '120' : '250';
  const asks = await runRounds(askVariants, rounds, (variant) =>
    runFresh<AskResult[]>(askScript, [variant, ms]),
  );
  const events = await runRounds(['ring', 'batch', 'object'], rounds, (variant) =>
    runFresh<EventsResult>(eventsScript, [variant, ms]),
  );
  const stall = await runRounds(['ring-stall', 'batch-stall'], 1, (variant) =>
    runFresh<EventsResult>(eventsScript, [variant, isShort ? '300' : '1500']),
  );
  const crashes = await runRounds(['throw', 'heap'], rounds, (way) =>
    runFresh<CrashResult>(crashScript, [way]),
  );
  const bars = [...askBars(asks), ...eventBars(stall)];
  printAsks(asks);
  printEvents(events, stall);
  printCrashes(crashes);
  const areMet = printBars(bars);
  const all = { asks, events, stall, crashes };
  const raw = Object.fromEntries(Object.entries(all).map(([name, map]) => [name, Object.fromEntries(map)]));
  writeResults(isShort ? 'actor-short' : 'actor', { rounds, bars, ...raw });
  return areMet;
}

/** One number per round, of one variant at one size and concurrency. */
function column(
  asks: AskRounds,
  variant: string,
  at: Pick<AskResult, 'bytes' | 'inFlight'>,
  of: keyof AskResult,
): number[] {
  const rounds = asks.get(variant) ?? [];
  return rounds.map((results) => {
    const result = results.find(({ bytes, inFlight }) => bytes === at.bytes && inFlight === at.inFlight);
    return result?.[of] ?? Number.NaN;
  });
}

function askBars(asks: AskRounds): Bar[] {
  const ratio = (base: string, inFlight: number, of: keyof AskResult): number => {
    const at = { bytes: 200, inFlight };
    return ratioOf(column(asks, 'runtime', at, of), column(asks, base, at, of)).median;
  };
  const perSecond = (base: string, inFlight: number): number => ratio(base, inFlight, 'perSecond');
  return [
    { name: '64 in flight / raw clone', measured: perSecond('clone', 64), bound: 1, sense: 'at least' },
    { name: '64 in flight / call per ask', measured: perSecond('comlink', 64), bound: 3, sense: 'at least' },
    { name: '64 in flight / raw batched', measured: perSecond('batch', 64), bound: 0.7, sense: 'at least' },
    { name: '1024 in flight / raw clone', measured: perSecond('clone', 1024), bound: 1.5, sense: 'at least' },
    {
      name: '1024 in flight / call per ask',
      measured: perSecond('comlink', 1024),
      bound: 3,
      sense: 'at least',
    },
    {
      name: '1024 in flight / raw batched',
      measured: perSecond('batch', 1024),
      bound: 0.7,
      sense: 'at least',
    },
    { name: 'lone ask p50 / raw clone', measured: ratio('clone', 1, 'p50Us'), bound: 2.5, sense: 'at most' },
  ];
}

function eventBars(stall: Map<string, EventsResult[]>): Bar[] {
  const growth = stall.get('ring-stall')?.[0]?.rssGrowthMb ?? Number.NaN;
  return [{ name: 'ring, stalled consumer: RSS growth, MB', measured: growth, bound: 10, sense: 'at most' }];
}

function printAsks(asks: AskRounds): void {
  for (const bytes of [200, 4096]) {
    for (const inFlight of [1, 64, 1024]) {
      console.log(`asks of ${bytes} B, ${inFlight} in flight`);
      const at = { bytes, inFlight };
      const rows = askVariants.map((variant) => [
        askTitles[variant] ?? variant,
        ...(['perSecond', 'p50Us', 'p99Us', 'cpuUs'] as const).map((of) =>
          spread(figureOf(column(asks, variant, at, of))),
        ),
        spread(ratioOf(column(asks, 'runtime', at, 'perSecond'), column(asks, variant, at, 'perSecond'))),
      ]);
      printTable(['variant', 'asks/s', 'p50 us', 'p99 us', 'CPU us/ask', 'runtime / this'], rows);
    }
  }
}

function printEvents(events: Map<string, EventsResult[]>, stall: Map<string, EventsResult[]>): void {
  console.log('events of 200 B, worker to main, 64 a tick');
  const of = (variant: string): Figure =>
    figureOf((events.get(variant) ?? []).map(({ perSecond }) => perSecond));
  const rows = [...events].map(([variant, results]) => [
    variant === 'object'
      ? 'postMessage per event'
      : variant === 'batch'
        ? 'postMessage per frame'
        : 'ring of frames',
    spread(of(variant)),
    spread(figureOf(results.map(({ cpuUs }) => cpuUs))),
    spread(ratioOf(of('ring').values, of(variant).values)),
  ]);
  printTable(['variant', 'events/s', 'CPU us/event', 'ring / this'], rows);
  const stalls = [...stall].map(([variant, [result]]) => [variant, short(result?.rssGrowthMb ?? Number.NaN)]);
  printTable(['stalled consumer', 'RSS growth, MB'], stalls);
}

function printCrashes(crashes: Map<string, CrashResult[]>): void {
  const rows = [...crashes].map(([way, results]) => [
    way,
    spread(figureOf(results.map(({ failMs }) => failMs))),
    spread(figureOf(results.map(({ serveMs }) => serveMs))),
  ]);
  printTable(['way to die', 'until the ask fails, ms', 'until it serves again, ms'], rows);
}

/**
 * What does our HTTP path cost beside bare node:http? A state query with key, rate limit, validation and its
 * headers, against a server of Node alone that gives the same bytes: CPU of the serving thread a request.
 */
import type { SideReport } from './http-side.ts';
import { figureOf, ratioOf, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { printBars, printTable, writeResults } from './lib/report.ts';

const variants = ['bare', 'ours'] as const;
const script = new URL('./http-side.ts', import.meta.url);
const cpuRatioMax = 2;

export async function bench(isShort: boolean): Promise<boolean> {
  const [rounds, requests] = isShort ? [1, 4_000] : [7, 40_000];
  const results = await runRounds<SideReport>(variants, rounds, (variant) =>
    runFresh(script, [variant, String(requests)]),
  );
  const of = (variant: string, name: keyof SideReport): number[] =>
    (results.get(variant) ?? []).map((report) => report[name]);
  const rows = variants.map((variant) => [
    variant,
    ...(['cpuUs', 'perSecond', 'p50Ms', 'p99Ms'] as const).map((name) => spread(figureOf(of(variant, name)))),
  ]);
  printTable(['server', 'CPU us a request', 'requests/s', 'p50 ms', 'p99 ms'], rows);
  const cpu = ratioOf(of('ours', 'cpuUs'), of('bare', 'cpuUs'));
  const name = `CPU a request, ours to bare node:http ${spread(cpu)}`;
  const bars = [{ name, measured: cpu.median, bound: cpuRatioMax, sense: 'at most' as const }];
  const areMet = printBars(bars);
  writeResults(isShort ? 'http-short' : 'http', {
    rounds,
    requests,
    results: Object.fromEntries(results),
    bars,
  });
  return areMet;
}

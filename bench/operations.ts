/**
 * What does an operation cost the thread that does it, durable, against stock Baileys that keeps nothing? The
 * same script on both sides, fresh processes, order alternated, ratios paired by round. Bars of issue E.
 */
import { type Figure, figureOf, ratioOf, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { type Bar, printBars, printTable, writeResults } from './lib/report.ts';
import type { OperationsResult } from './operations-run.ts';

const script = new URL('./operations-run.ts', import.meta.url);

const bounds: Readonly<Record<keyof OperationsResult, number>> = {
  send: 1.6,
  sendReply: 2.5,
  inbound: 1.6,
  groupSend: 10,
  groupReceive: 10,
  connect: 3,
};
const operations = Object.keys(bounds) as (keyof OperationsResult)[];

export async function bench(isShort: boolean): Promise<boolean> {
  const rounds = isShort ? 2 : 7;
  const size = isShort ? ['4', '120'] : ['12', '600'];
  const results = await runRounds(['ours', 'stock'], rounds, (variant) =>
    runFresh<OperationsResult>(script, [variant, ...size]),
  );
  const of = (variant: string, operation: keyof OperationsResult): number[] =>
    (results.get(variant) ?? []).map((result) => result[operation]);
  const ratio = (operation: keyof OperationsResult): Figure =>
    ratioOf(of('stock', operation), of('ours', operation));
  printTable(
    ['operation', 'ours ms (durable)', 'stock ms', 'stock / ours'],
    operations.map((operation) => [
      operation,
      spread(figureOf(of('ours', operation))),
      spread(figureOf(of('stock', operation))),
      spread(ratio(operation)),
    ]),
  );
  const bars = operations.map(
    (operation): Bar => ({
      name: `${operation}: stock / ours, thread CPU`,
      measured: ratio(operation).median,
      bound: bounds[operation],
      sense: 'at least',
    }),
  );
  const areMet = printBars(bars);
  writeResults(isShort ? 'operations-short' : 'operations', {
    rounds,
    bars,
    results: Object.fromEntries(results),
  });
  return areMet;
}

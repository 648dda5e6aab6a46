/**
 * What does Signal cost a shard thread, durable WASM against stock Baileys in memory? Fresh processes, order
 * alternated, thread CPU, ratios paired by round. Bars as issue E sets them for groups; the one-to-one ratios
 * are held there over whole sockets.
 */
import { type Figure, figureOf, ratioOf, short, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { type Bar, printBars, printTable, writeResults } from './lib/report.ts';
import type { SignalResult } from './signal-operations.ts';

const script = new URL('./signal-operations.ts', import.meta.url);
const operations: readonly (keyof SignalResult)[] = [
  'encrypt',
  'decrypt',
  'turn',
  'groupEncrypt',
  'groupDecrypt',
];
const groupRatioBar = 10;

export async function bench(isShort: boolean): Promise<boolean> {
  const rounds = isShort ? 1 : 7;
  const count = isShort ? '80' : '400';
  const results = await runRounds(['ours', 'stock'], rounds, (variant) =>
    runFresh<SignalResult>(script, [variant, count]),
  );
  const of = (variant: string, operation: keyof SignalResult): number[] =>
    (results.get(variant) ?? []).map((result) => result[operation]);
  const ratios = new Map<string, Figure>(
    operations.map((operation) => [operation, ratioOf(of('stock', operation), of('ours', operation))]),
  );
  printTable(
    ['operation', 'ours ms (durable)', 'stock ms', 'stock / ours'],
    operations.map((operation) => [
      operation,
      spread(figureOf(of('ours', operation))),
      spread(figureOf(of('stock', operation))),
      short(ratios.get(operation)?.median ?? Number.NaN),
    ]),
  );
  const bars: Bar[] = (['groupEncrypt', 'groupDecrypt'] as const).map((name) => ({
    name: `${name}: stock / ours`,
    measured: ratios.get(name)?.median ?? Number.NaN,
    bound: groupRatioBar,
    sense: 'at least',
  }));
  const areMet = printBars(bars);
  writeResults(isShort ? 'signal-short' : 'signal', { rounds, bars, results: Object.fromEntries(results) });
  return areMet;
}

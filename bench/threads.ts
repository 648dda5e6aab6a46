/**
 * Do more shard threads send more? Sends over REST with 64 in flight for 1, 2 and 4 shards, fresh processes,
 * order alternated. The sandbox and the driver share the machine: their cores are told, and no bar is set.
 */
import { availableParallelism } from 'node:os';
import { figureOf, spread } from './lib/figures.ts';
import { runFresh, runRounds } from './lib/fresh.ts';
import { printTable, writeResults } from './lib/report.ts';
import type { ThreadsResult } from './threads-run.ts';

const script = new URL('./threads-run.ts', import.meta.url);

export async function bench(isShort: boolean): Promise<boolean> {
  const sizes = isShort ? ['1', '2'] : ['1', '2', '4'];
  const rounds = isShort ? 1 : 3;
  const messages = isShort ? '300' : '4000';
  const results = await runRounds(sizes, rounds, (shards) =>
    runFresh<ThreadsResult>(script, [shards, messages]),
  );
  printTable(
    ['shards', 'sends/s', 'CPU ms a send', 'anon MB', 'cores gateway', 'sandbox', 'driver'],
    [...results].map(([shards, all]) => [
      shards,
      spread(figureOf(all.map(({ perSecond }) => perSecond))),
      spread(figureOf(all.map(({ cpuMs }) => cpuMs))),
      spread(figureOf(all.map(({ anonMb }) => anonMb))),
      ...(['gateway', 'sandbox', 'driver'] as const).map((name) =>
        spread(figureOf(all.map(({ cores }) => cores[name]))),
      ),
    ]),
  );
  console.log(`This machine has ${availableParallelism()} cores for gateway, sandbox and driver.`);
  writeResults(isShort ? 'threads-short' : 'threads', {
    rounds,
    messages,
    results: Object.fromEntries(results),
  });
  return true;
}

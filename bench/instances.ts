/**
 * How many instances does a small machine carry, and how fast? 100, 250 and 500 over REST and webhooks against the
 * sandbox in a process of its own, ours and a plain one-thread gateway beside it (other runs: `--instances 100,1000`,
 * `--shards 1`, `--variants ours`, `--node-flags --optimize-for-size`). Fresh processes for every size; bars of
 * issue E. CPU is told for every process.
 */

import type { Variant } from './instances-process.ts';
import type { InstancesResult } from './instances-run.ts';
import { short } from './lib/figures.ts';
import { runFresh } from './lib/fresh.ts';
import { type Bar, printBars, printTable, writeResults } from './lib/report.ts';

const script = new URL('./instances-run.ts', import.meta.url);
const loads = [
  'send1',
  'send16',
  'send64',
  'inboundPaced',
  'inbound',
  'groupInbound',
  'groupSend16',
] as const;

/** The bar of a send's CPU is one of a hundred instances. */
const sendBarInstances = 100;

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

export async function bench(isShort: boolean): Promise<boolean> {
  const counts = option('instances', isShort ? '8' : '100,250,500')
    .split(',')
    .map(Number);
  const variants = option('variants', 'ours,baseline').split(',') as Variant[];
  const size = option('messages', isShort ? '200' : '6000');
  const idleS = option('idle', isShort ? '2' : '30');
  const shards = option('shards', '');
  const flags = option('node-flags', '');
  const results: InstancesResult[] = [];
  for (const count of counts) {
    for (const variant of variants) {
      const few = variant === 'baseline' ? String(Math.ceil(Number(size) / 4)) : size;
      results.push(
        await runFresh<InstancesResult>(script, [variant, String(count), few, idleS, shards, flags]),
      );
    }
  }
  print(results);
  const bars = barsOf(results);
  const areMet = printBars(bars);
  const name = option('name', isShort ? 'instances-short' : 'instances');
  writeResults(name, { counts, size, idleS, shards: shards || 'auto', flags, bars, results });
  return areMet;
}

function print(results: readonly InstancesResult[]): void {
  printTable(
    [
      'gateway',
      'n',
      'base MB',
      'anon MB',
      'RSS MB',
      'MB each',
      'idle CPU',
      'serving ms',
      'all open ms',
      'state p99 ms',
    ],
    results.map(({ variant, count, base, idle, restart }) => [
      ...[
        variant,
        String(count),
        short(base.anonMb),
        short(idle.anonMb),
        short(idle.rssMb),
        short(idle.perInstanceMb),
      ],
      ...[`${(idle.cpuShare * 100).toFixed(1)} %`, short(restart.servingMs), short(restart.openMs)],
      short(restart.state.p99),
    ]),
  );
  const rows = results.flatMap((result) => loads.map((name) => loadRow(result, name)));
  const cores = 'cores gateway/sandbox/driver';
  printTable(['gateway', 'n', 'load', 'per s', 'p50', 'p95', 'p99 ms', 'CPU ms/op', cores, 'failed'], rows);
  printTable(
    ['gateway', 'n', 'state query in', 'p50 ms', 'p95 ms', 'p99 ms'],
    results.flatMap(({ variant, count, queries }) =>
      Object.entries(queries).map(([name, { p50, p95, p99 }]) => [
        ...[variant, String(count), name, short(p50), short(p95), short(p99)],
      ]),
    ),
  );
}

function loadRow({ variant, count, loads: all }: InstancesResult, name: string): string[] {
  const load = all[name];
  if (!load) return [variant, String(count), name];
  const { perSecond, latency, cpuMs, cores, failed } = load;
  return [
    ...[variant, String(count), name, short(perSecond)],
    ...[short(latency.p50), short(latency.p95), short(latency.p99), short(cpuMs.gateway)],
    [cores.gateway, cores.sandbox, cores.driver].map((share) => share.toFixed(2)).join(' / '),
    String(failed),
  ];
}

function barsOf(results: readonly InstancesResult[]): Bar[] {
  const ours = results.filter(({ variant }) => variant === 'ours');
  return ours.flatMap((result) => {
    const beside = results.find(({ variant, count }) => variant === 'baseline' && count === result.count);
    return barsOfOne(result, beside);
  });
}

function barsOfOne(
  { count, idle, loads: all, queries, restart }: InstancesResult,
  beside?: InstancesResult,
): Bar[] {
  const bar = (name: string, measured: number | undefined, bound: number): Bar => ({
    name: `${count}: ${name}`,
    measured: measured ?? Number.NaN,
    bound,
    sense: 'at most',
  });
  const bars = [
    bar('MB per open idle instance', idle.perInstanceMb, 0.6),
    bar('CPU at idle, cores', idle.cpuShare, 0.05),
    ...(count <= sendBarInstances
      ? [bar('CPU ms a durable send over REST, 64 in flight', all['send64']?.cpuMs.gateway, 1.2)]
      : []),
    bar('CPU ms an inbound message at the webhook', all['inbound']?.cpuMs.gateway, 1.2),
    bar('state query p95 in the flood, ms', queries['flood']?.p95, 10),
    bar('state query p99 in the flood, ms', queries['flood']?.p99, 25),
    bar('state query p99 during the restart, ms', restart.state.p99, 100),
  ];
  const theirs = beside?.queries['flood']?.p95;
  if (theirs)
    bars.push(bar('state query p95 in the flood / baseline', (queries['flood']?.p95 ?? 0) / theirs, 0.1));
  if (count === 500)
    bars.push(bar('RssAnon in all, MB', idle.anonMb, 700), bar('all open, s', restart.openMs / 1000, 30));
  return bars;
}

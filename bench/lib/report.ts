/** Prints a table and bars, and writes `bench/results/NAME.json` with the machine and commit it came from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** Of the last minute before the bench began: above 0.5 others were at work, and rates are theirs too. */
const [loadBefore = Number.NaN] = loadavg();

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows])
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  console.log();
}

export interface Bar {
  readonly name: string;
  readonly measured: number;
  readonly bound: number;
  readonly sense: 'at least' | 'at most';
}

export const isMet = (bar: Bar): boolean =>
  bar.sense === 'at least' ? bar.measured >= bar.bound : bar.measured <= bar.bound;

/** True when all are met. */
export function printBars(bars: readonly Bar[]): boolean {
  const rows = bars.map((bar) => [
    isMet(bar) ? 'met' : 'MISSED',
    bar.name,
    bar.measured.toFixed(2),
    `${bar.sense} ${bar.bound}`,
  ]);
  printTable(['bar', 'what', 'measured', 'bound'], rows);
  return bars.every(isMet);
}

export function writeResults(name: string, results: object): void {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, loadBefore };
  const all = { name, at: new Date().toISOString(), commit: commit(), machine, ...results };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(all, null, 2)}\n`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

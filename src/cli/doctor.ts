/**
 * `elenco doctor`: gathers the facts of this machine, judges them against the settings and prints what to mend,
 * for people or (`--json`) for programs. Exit status 1 when something would fail, 0 otherwise.
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { diagnose, type Finding, type Level } from './doctor-checks.ts';
import { gatherFacts } from './machine-facts.ts';

const signs: Readonly<Record<Level, string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  failure: 'FAILURE ',
  unknown: 'unknown ',
};

/** One line a finding, and how to mend it below. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, found, wanted, mend }) => {
    const line = `${signs[level]} ${check.padEnd(width)}  ${found}`;
    return level === 'ok' || mend === null
      ? [line]
      : [`${line}; wanted: ${wanted}`, `           mend: ${mend}`];
  });
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  return [...lines, '', `${count('failure')} failures, ${count('warning')} warnings`].join('\n');
}

export async function doctorCommand(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { json: { type: 'boolean', default: false } } });
  const config = loadConfig();
  const findings = diagnose(await gatherFacts(config), config);
  const isWell = findings.every(({ level }) => level !== 'failure');
  console.log(values.json ? JSON.stringify({ isWell, findings }, null, 2) : report(findings));
  return isWell ? 0 : 1;
}

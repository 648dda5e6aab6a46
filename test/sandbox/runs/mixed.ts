/**
 * The long mixed run: `npx node test/sandbox/runs/mixed.ts --minutes 10 --accounts 100 --seed NAME`.
 * Exits with 1 where the ground truth is not consistent; prints the seed and the line to replay it.
 */
import { parseArgs } from 'node:util';
import { runMixed } from './mixed-run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    accounts: { type: 'string', default: '100' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});

/** libsignal prints sessions with private keys. */
for (const name of ['info', 'warn', 'error', 'log'] as const) console[name] = () => undefined;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const report = await runMixed({
  seed: values.seed,
  accounts: Number(values.accounts),
  durationMs: Number(values.minutes) * 60_000,
  messagesPerSecond: Number(values.rate),
  faultEveryMs: 1_000,
  log: print,
});
const isConsistent = report.lost.length === 0 && report.overAcknowledged.length === 0;
print(JSON.stringify(report, null, 2));
print(`${isConsistent ? 'consistent' : 'NOT CONSISTENT'}; replay with --seed ${values.seed} (same flags)`);
process.exit(isConsistent ? 0 : 1);

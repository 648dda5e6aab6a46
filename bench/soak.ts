/**
 * Does anything grow? `npm run soak -- --minutes N` (30): traffic, churn and faults for that long; memory of
 * minutes 27 to 30 against minutes 5 to 8 (other lengths in proportion), file handles, threads, and Node's own
 * warnings of listeners that pile up. Garbage is collected before every sample.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memoryOf } from './instances-process.ts';
import { pause, Stage } from './instances-stage.ts';
import { figureOf, quantile, short } from './lib/figures.ts';
import { printBars, printTable, writeResults } from './lib/report.ts';
import { Traffic } from './soak-traffic.ts';

interface Sample {
  readonly minute: number;
  readonly anonMb: number;
  readonly rssMb: number;
  /** Open file descriptors. */
  readonly handles: number;
  readonly threads: number;
  readonly heapMb: number;
}

const samplePeriodMs = 10_000;
const instances = 20;
const traffic = { sendsPerSecond: 20, inboundPerSecond: 20, churnMs: 15_000, dropMs: 10_000 };
const minutesAsked = (): number => {
  const at = process.argv.indexOf('--minutes');
  return at < 0 ? 30 : Number(process.argv[at + 1]);
};

/** Heaps of all threads, from the gateway's own metrics. */
async function heapMb(stage: Stage): Promise<number> {
  const { text } = await stage.rest.raw('GET', '/metrics').catch(() => ({ text: '' }));
  const lines = text.split('\n').filter((line) => line.startsWith('elenco_thread_heap_used_bytes{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0) / 1_048_576;
}

async function sampled(stage: Stage, minute: number): Promise<Sample> {
  await stage.collect().catch(() => undefined);
  const { pid } = stage.gateway;
  const count = (what: string): number => readdirSync(`/proc/${pid}/${what}`).length;
  return {
    minute,
    ...memoryOf(pid),
    handles: count('fd'),
    threads: count('task'),
    heapMb: await heapMb(stage),
  };
}

const within = (samples: readonly Sample[], from: number, to: number, of: keyof Sample): number =>
  quantile(
    samples.filter(({ minute }) => minute >= from && minute <= to).map((sample) => sample[of]),
    0.5,
  );

async function watch(stage: Stage, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  for (let elapsed = 0; elapsed < minutes * 60_000; elapsed = performance.now() - start) {
    await pause(samplePeriodMs);
    const sample = await sampled(stage, (performance.now() - start) / 60_000);
    samples.push(sample);
    const { minute, anonMb, handles, heapMb: heap } = sample;
    process.stderr.write(
      `  ${minute.toFixed(1)} min: ${short(anonMb)} MB, heaps ${short(heap)} MB, ${handles} handles\n`,
    );
  }
  return samples;
}

export async function soak(minutes: number): Promise<boolean> {
  const stage = await Stage.start('ours', { RECONNECT_DELAY_MS_MIN: '200', RECONNECT_DELAY_MS_MAX: '5000' });
  await stage.pair(instances);
  const running = new Traffic(stage, traffic);
  running.start();
  const samples = await watch(stage, minutes);
  await running.stop();
  await stage.untilOpen(instances);
  const at = (minute: number): number => (minute * minutes) / 30;
  const row = (name: keyof Sample): number[] => [
    within(samples, at(5), at(8), name),
    within(samples, at(27), at(30), name),
  ];
  const names = ['anonMb', 'rssMb', 'heapMb', 'handles', 'threads'] as const;
  printTable(
    ['median of', `min ${short(at(5))}-${short(at(8))}`, `min ${short(at(27))}-${short(at(30))}`, 'range'],
    names.map((name) => {
      const { min, max } = figureOf(samples.map((sample) => sample[name]));
      return [name, ...row(name).map(short), `${short(min)}-${short(max)}`];
    }),
  );
  const [early = Number.NaN, late = Number.NaN] = row('anonMb');
  const warnings = stage.gateway.complaints.filter((line) => /MaxListenersExceeded/.test(line)).length;
  const bars = [
    { name: 'memory late / early', measured: late / early, bound: 1.05, sense: 'at most' as const },
    { name: 'warnings of too many listeners', measured: warnings, bound: 0, sense: 'at most' as const },
  ];
  console.log(JSON.stringify(running.counts));
  const areMet = printBars(bars);
  writeResults(minutes >= 30 ? 'soak' : 'soak-short', {
    minutes,
    instances,
    traffic,
    counts: running.counts,
    bars,
    samples,
  });
  await stage.stop();
  return areMet;
}

/** As a bench: three minutes, or one. */
export const bench = (isShort: boolean): Promise<boolean> => soak(isShort ? 1 : 3);

// `bin/guard.mjs` imports this file, so that `import.meta.main` is false.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = (await soak(minutesAsked())) ? 0 : 1;
  process.exit();
}

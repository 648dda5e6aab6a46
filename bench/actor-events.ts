/**
 * One variant of the event bench in a process of its own: `actor-events.ts VARIANT MS`. A worker floods events,
 * 64 a tick, packed into frames; the main thread takes them by postMessage or from the ring. One JSON line.
 * `stall` instead never reads: it shows how much memory a stalled consumer costs.
 */
import { Worker } from 'node:worker_threads';
import { systemClock } from '../src/clock.ts';
import { createRing, RingReader } from '../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../src/thread/wake.ts';
import { createBenchPackr } from './actor-raw-batch.ts';

export interface EventsResult {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly rssGrowthMb: number;
  readonly overflowed: boolean;
}

const [variant = 'ring', ms = '500'] = process.argv.slice(2);
const capacityBytes = 4 * 1_048_576;
const ring = createRing(capacityBytes);
const bell = createDoorbell();
const isStalled = variant.endsWith('-stall');
const link = variant.startsWith('ring') ? 'ring' : variant.startsWith('batch') ? 'batch' : 'object';
const packr = createBenchPackr();
const worker = new Worker(new URL('./actor-events-worker.ts', import.meta.url), {
  workerData: { link, ring, bell, isPaced: !isStalled },
});

let events = 0;
let overflowed = false;
const reader = new RingReader(ring);

/** Tells the worker how far we are, so that postMessage variants are bounded too while they are measured. */
const credit = new Int32Array(new SharedArrayBuffer(4));
worker.postMessage(credit);
const took = (count: number): void => {
  events += count;
  Atomics.store(credit, 0, events);
};

if (link !== 'ring' && !isStalled) {
  worker.on('message', (message: Uint8Array | object) => {
    took(message instanceof Uint8Array ? (packr.unpack(message) as unknown[]).length : 1);
  });
}

async function readRing(): Promise<void> {
  const doorbell = new Doorbell(bell, { keepAlive: systemClock });
  for (;;) {
    await doorbell.wait(100);
    for (let record = reader.pop(); record !== undefined; record = reader.pop()) {
      took((packr.unpack(record) as unknown[]).length);
    }
    if (reader.takeOverflow()) overflowed = true;
  }
}

const until = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

if (link === 'ring' && !isStalled) void readRing();
await until(Number(ms));
const rssBefore = process.memoryUsage().rss;
const [before, cpu, startedAt] = [events, process.cpuUsage(), performance.now()];
await until(Number(ms));
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpu);
const count = events - before;
const rssGrowthMb = (process.memoryUsage().rss - rssBefore) / 1_048_576;
if (isStalled) overflowed = reader.isOverflowing;
console.log(
  JSON.stringify({ perSecond: count / seconds, cpuUs: (user + system) / count, rssGrowthMb, overflowed }),
);
process.exit(0);

/** The producer of the event bench: 64 events a tick, by ring, by one postMessage a frame or one an event. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingWriter } from '../src/thread/ring.ts';
import { Doorbell } from '../src/thread/wake.ts';
import { sendText } from './actor-messages.ts';
import { createBenchPackr } from './actor-raw-batch.ts';

interface Data {
  readonly link: 'ring' | 'batch' | 'object';
  readonly ring: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly isPaced: boolean;
}

const { link, ring, bell, isPaced } = workerData as Data;
const perTick = 64;
const aheadMax = 4096;
const packr = createBenchPackr();
const writer = new RingWriter(ring, new Doorbell(bell));
let credit: Int32Array | undefined;
let sent = 0;

function sendTick(): void {
  const events = Array.from({ length: perTick }, () => sendText(200));
  if (link === 'object') for (const event of events) parentPort?.postMessage(event);
  else if (link === 'ring') {
    if (!writer.push(packr.pack(events))) return;
  } else {
    const bytes = new Uint8Array(packr.pack(events));
    parentPort?.postMessage(bytes, [bytes.buffer]);
  }
  sent += perTick;
}

function tick(): void {
  const taken = credit === undefined ? 0 : Atomics.load(credit, 0);
  if (!isPaced || sent - taken < aheadMax) sendTick();
  setImmediate(tick);
}

parentPort?.once('message', (cells: Int32Array) => {
  credit = cells;
});
tick();

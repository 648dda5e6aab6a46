/** The producer of the ring stress: numbered records of random size, as a shard would push its events. */
import { workerData } from 'node:worker_threads';
import { RingWriter } from '../../../src/thread/ring.ts';
import { Doorbell } from '../../../src/thread/wake.ts';
import { recordOf } from './ring-records.ts';

interface Data {
  readonly ring: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  /** The last sequence written to what stands for the outbox. */
  readonly written: SharedArrayBuffer;
  readonly seed: number;
}

const { ring, bell, written, seed } = workerData as Data;
const cells = new Int32Array(written);
const doorbell = new Doorbell(bell);
const writer = new RingWriter(ring, doorbell);

let sequence = 0;
/** 512 records a turn, without end; pauses between turns while the flag is up, so that the ring is what is used. */
function produce(): void {
  setImmediate(produce);
  if (writer.isOverflowing && ++pauses % 64 !== 0) return;
  for (let count = 0; count < 512; count++) {
    sequence = (sequence + 1) | 0;
    // The outbox first, which is the truth; the ring only if it has room.
    Atomics.store(cells, 0, sequence);
    writer.push(recordOf(sequence, seed));
  }
}
let pauses = 0;
produce();

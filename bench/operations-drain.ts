/** Empties the ring of the operations bench, as the webhook thread would; its CPU is not the shard's. */
import { workerData } from 'node:worker_threads';
import { systemClock } from '../src/clock.ts';
import { RingReader } from '../src/thread/ring.ts';
import { Doorbell } from '../src/thread/wake.ts';

const { ring, doorbell } = workerData as { ring: SharedArrayBuffer; doorbell: SharedArrayBuffer };
const reader = new RingReader(ring);
const bell = new Doorbell(doorbell, { keepAlive: systemClock });
for (;;) {
  while (reader.pop() !== undefined);
  await bell.wait(1_000);
}

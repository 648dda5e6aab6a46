/**
 * The ring between two real threads with a consumer that stalls: every record arrives exactly once and in
 * order, popped from the ring or, after an overflow, paged. 200,000 popped here; 10 million with FUZZ_LONG=1.
 * A failure prints its seed: FUZZ_SEED=n npx vitest run test/thread/ring-stress.test.ts
 */
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock, yieldTurn } from '../../src/clock.ts';
import { createRing, RingReader, RingWriter } from '../../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../../src/thread/wake.ts';
import { recordOf, sequenceOf } from './guests/ring-records.ts';

const isLong = process.env['FUZZ_LONG'] === '1';
const records = isLong ? 10_000_000 : 200_000;
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

class Consumer {
  sequence = 0;
  popped = 0;
  paged = 0;
  overflows = 0;
  readonly #reader: RingReader;
  readonly #written: Int32Array;

  constructor(ring: SharedArrayBuffer, written: SharedArrayBuffer) {
    this.#reader = new RingReader(ring);
    this.#written = new Int32Array(written);
  }

  /** The order that `ring.ts` asks for: see the flag, drain, clear, page. */
  read(): void {
    const isOverflowing = this.#reader.isOverflowing;
    this.#drain();
    if (!isOverflowing) return;
    expect(this.#reader.takeOverflow()).toBe(true);
    const written = Atomics.load(this.#written, 0);
    this.overflows++;
    this.paged += Math.max(0, written - this.sequence);
    this.sequence = Math.max(this.sequence, written);
  }

  #drain(): void {
    for (let record = this.#reader.pop(); record !== undefined; record = this.#reader.pop()) {
      const sequence = sequenceOf(record);
      if (!sameBytes(record, recordOf(sequence, seed)))
        throw new Error(`record ${sequence} is damaged, seed ${seed}`);
      this.popped++;
      // Paged before, because it was written between the clearing and the page.
      if (sequence <= this.sequence) continue;
      if (sequence !== this.sequence + 1) throw new Error(`${this.sequence} → ${sequence}, seed ${seed}`);
      this.sequence = sequence;
    }
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each([
  ['a small ring', 4096, 0],
  ['indices that overflow 2^31', 65_536, 0x7fff_0000],
  ['indices that overflow 2^32', 16_384, -0x1000],
])('%s', (_, capacityBytes, startIndex) => {
  test(`${records} records arrive once and in order, seed ${seed}`, {
    timeout: isLong ? 600_000 : 30_000,
  }, async () => {
    const [ring, bell, written] = [
      createRing(capacityBytes, startIndex),
      createDoorbell(),
      new SharedArrayBuffer(8),
    ];
    const entry = new URL('./guests/ring-producer.ts', import.meta.url);
    const producer = new Worker(entry, { workerData: { ring, bell, written, seed } });
    const failed = new Promise<never>((_, reject) => producer.once('error', reject));
    const consumer = new Consumer(ring, written);
    await Promise.race([consumeAll(consumer, bell), failed]);
    console.info(`${consumer.popped} popped, ${consumer.paged} paged after ${consumer.overflows} overflows`);
    expect(consumer.overflows).toBeGreaterThan(0);
    await producer.terminate();
  });
});

async function consumeAll(consumer: Consumer, bell: SharedArrayBuffer): Promise<void> {
  const doorbell = new Doorbell(bell, { keepAlive: systemClock });
  for (let round = 0; consumer.popped < records; round++) {
    await doorbell.wait(100);
    // Every so often it stalls, and the producer runs into the full ring.
    if (round % 16 === 0) for (let turn = 0; turn < 20; turn++) await yieldTurn();
    consumer.read();
  }
}

test('any interleaving of pushes, pops and clearings behaves as a bounded list', () => {
  const steps = fc.array(fc.oneof(fc.nat(300), fc.constantFrom('pop', 'pop', 'take')), { maxLength: 400 });
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 0x7fff_fe00, -0x200), (list, startIndex) => {
      const memory = createRing(1024, startIndex);
      const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
      const model: Uint8Array[] = [];
      let isRaised = false;
      const used = (): number => model.reduce((sum, { length }) => sum + 4 + Math.ceil(length / 4) * 4, 0);
      for (const step of list) {
        if (step === 'pop') expect(reader.pop()).toEqual(model.shift());
        else if (step === 'take') {
          expect(reader.takeOverflow()).toBe(isRaised);
          isRaised = false;
        } else {
          const record = new Uint8Array(step as number).fill(step as number);
          const fits: boolean = !isRaised && used() + 4 + Math.ceil(record.length / 4) * 4 <= 1024;
          expect(writer.push(record)).toBe(fits);
          if (fits) model.push(record);
          isRaised = !fits;
        }
        expect([reader.depthBytes(), writer.isOverflowing]).toEqual([used(), isRaised]);
      }
    }),
  );
});

/**
 * A bounded byte queue between two threads, one producer and one consumer, on a SharedArrayBuffer. Records
 * are frames. With `wake.ts` the only file that touches shared memory.
 *
 *   byte 0        64        128       192        256                                   256 + capacity
 *   ┌────────────┬─────────┬─────────┬──────────┬───────────────────────────────────────────────┐
 *   │ head       │ tail    │ raised  │ cleared  │ … │len│record····pad│len│record·pad│ …          │
 *   └────────────┴─────────┴─────────┴──────────┴───────────────────────────────────────────────┘
 *     writer       reader    writer    reader         a record may wrap around the end, its length never
 *
 * Each index has one writer, named under it, and a cache line of its own. `head` and `tail` count bytes since
 * the start and wrap at 2^32; capacity is a power of two, so a position is `index & (capacity - 1)` and the
 * fill is `(head - tail) | 0`. A record is its length (int32, 4-aligned), its bytes, and padding to 4.
 * Order: the writer stores the bytes, then `head`; the reader copies the bytes, then stores `tail`.
 *
 * Full means: `raised` is set one ahead of `cleared` and nothing more is pushed until the reader has cleared
 * it. The outbox is the truth and the ring its fast path, so the reader, seeing the flag, drains what is still
 * in the ring (older than all that was refused), then clears the flag, then pages from the last sequence that
 * it saw. Clearing before draining would bring newer records before the gap; paging before clearing would
 * miss what was refused in between. Records met twice, paged and then popped, are told by their sequence.
 */
import { assert } from '../assert.ts';
import { ringCapacityBytesMax, ringCapacityBytesMin } from './limits.ts';

const [headAt, tailAt, raisedAt, clearedAt] = [0, 16, 32, 48] as const;
const headerBytes = 256;
const lengthBytes = 4;

const paddedBytes = (bytes: number): number => (bytes + lengthBytes + 3) & ~3;

/** `startIndex` is where head and tail begin to count; only tests start elsewhere than 0. */
export function createRing(capacityBytes: number, startIndex = 0): SharedArrayBuffer {
  const isPowerOfTwo = Number.isInteger(Math.log2(capacityBytes));
  const isInRange = capacityBytes >= ringCapacityBytesMin && capacityBytes <= ringCapacityBytesMax;
  assert(
    isPowerOfTwo && isInRange,
    `ring capacity must be a power of two in range, got ${capacityBytes} bytes`,
  );
  assert((startIndex & 3) === 0, `ring start index must be a multiple of 4, got ${startIndex}`);
  const memory = new SharedArrayBuffer(headerBytes + capacityBytes);
  const header = new Int32Array(memory, 0, headerBytes / 4);
  header[headAt] = startIndex;
  header[tailAt] = startIndex;
  return memory;
}

interface Views {
  readonly header: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly capacity: number;
}

const viewsOf = (memory: SharedArrayBuffer): Views => ({
  header: new Int32Array(memory, 0, headerBytes / 4),
  bytes: new Uint8Array(memory, headerBytes),
  words: new Int32Array(memory, headerBytes),
  capacity: memory.byteLength - headerBytes,
});

const depthOf = ({ header }: Views): number =>
  (Atomics.load(header, headAt) - Atomics.load(header, tailAt)) | 0;

const isRaised = ({ header }: Views): boolean =>
  Atomics.load(header, raisedAt) !== Atomics.load(header, clearedAt);

/** Whoever wakes the consumer; a `Doorbell` is one. */
export interface Wake {
  ring(): void;
}

export class RingWriter {
  readonly #views: Views;
  readonly #wake: Wake | undefined;

  constructor(memory: SharedArrayBuffer, wake?: Wake) {
    this.#views = viewsOf(memory);
    this.#wake = wake;
  }

  /** Copies the record in and wakes the consumer. False: the ring is full or was, and the flag is up. */
  push(record: Uint8Array): boolean {
    if (this.isOverflowing) return false;
    const { header, words, capacity } = this.#views;
    const size = paddedBytes(record.byteLength);
    if (size > capacity - this.depthBytes()) return this.#overflow();
    const head = Atomics.load(header, headAt);
    const at = head & (capacity - 1);
    words[at >> 2] = record.byteLength;
    this.#copyIn(record, (at + lengthBytes) & (capacity - 1));
    Atomics.store(header, headAt, (head + size) | 0);
    this.#wake?.ring();
    return true;
  }

  /** The consumer has not yet caught up from the outbox: every push is refused. */
  get isOverflowing(): boolean {
    return isRaised(this.#views);
  }

  depthBytes(): number {
    return depthOf(this.#views);
  }

  get capacityBytes(): number {
    return this.#views.capacity;
  }

  #overflow(): false {
    Atomics.add(this.#views.header, raisedAt, 1);
    this.#wake?.ring();
    return false;
  }

  #copyIn(record: Uint8Array, at: number): void {
    const { bytes, capacity } = this.#views;
    const toEnd = capacity - at;
    if (record.byteLength <= toEnd) return void bytes.set(record, at);
    bytes.set(record.subarray(0, toEnd), at);
    bytes.set(record.subarray(toEnd), 0);
  }
}

export class RingReader {
  readonly #views: Views;

  constructor(memory: SharedArrayBuffer) {
    this.#views = viewsOf(memory);
  }

  /** The oldest record as an exact private copy, or undefined when the ring is empty. */
  pop(): Uint8Array<ArrayBuffer> | undefined {
    const { header, words, capacity } = this.#views;
    const tail = Atomics.load(header, tailAt);
    if (tail === Atomics.load(header, headAt)) return undefined;
    const at = tail & (capacity - 1);
    const length = words[at >> 2] as number;
    assert(length >= 0 && paddedBytes(length) <= capacity, `ring record of ${length} bytes in ${capacity}`);
    const record = this.#copyOut(length, (at + lengthBytes) & (capacity - 1));
    Atomics.store(header, tailAt, (tail + paddedBytes(length)) | 0);
    return record;
  }

  /** True while the writer has records that it could not push. */
  get isOverflowing(): boolean {
    return isRaised(this.#views);
  }

  /** Reads and clears the flag; from then on the writer pushes again. See the order at the top of this file. */
  takeOverflow(): boolean {
    const { header } = this.#views;
    const raised = Atomics.load(header, raisedAt);
    if (raised === Atomics.load(header, clearedAt)) return false;
    Atomics.store(header, clearedAt, raised);
    return true;
  }

  depthBytes(): number {
    return depthOf(this.#views);
  }

  get capacityBytes(): number {
    return this.#views.capacity;
  }

  #copyOut(length: number, at: number): Uint8Array<ArrayBuffer> {
    const { bytes, capacity } = this.#views;
    const record = new Uint8Array(length);
    const toEnd = capacity - at;
    record.set(bytes.subarray(at, at + Math.min(length, toEnd)));
    if (length > toEnd) record.set(bytes.subarray(0, length - toEnd), toEnd);
    return record;
  }
}

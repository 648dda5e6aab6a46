/** The ring alone, both ends in one thread: records, wrap-around, overflow flag, index overflow. */
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createRing, RingReader, RingWriter } from '../../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../../src/thread/wake.ts';

const record = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function ring(capacity: number, startIndex = 0): { writer: RingWriter; reader: RingReader } {
  const memory = createRing(capacity, startIndex);
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

describe('ring', () => {
  test('hands records out in order, as private copies', () => {
    const { writer, reader } = ring(1024);
    for (const size of [0, 1, 2, 3, 4, 5, 100]) expect(writer.push(record(size, size))).toBe(true);
    const first = [0, 1, 2].map(() => reader.pop());
    for (const size of [3, 4, 5, 100]) expect(reader.pop()).toEqual(record(size, size));
    expect(first).toEqual([record(0, 0), record(1, 1), record(2, 2)]);
    expect(reader.pop()).toBeUndefined();
    expect(reader.depthBytes()).toBe(0);
  });

  test('full raises the flag once and refuses everything until it is cleared', () => {
    const { writer, reader } = ring(1024);
    expect(writer.push(record(1016, 1))).toBe(true);
    expect(writer.push(record(1, 2))).toBe(false);
    expect(reader.pop()).toEqual(record(1016, 1));
    expect(writer.push(record(1, 3))).toBe(false);
    expect([writer.isOverflowing, reader.takeOverflow(), reader.takeOverflow()]).toEqual([true, true, false]);
    expect(writer.push(record(1, 4))).toBe(true);
    expect(reader.pop()).toEqual(record(1, 4));
  });

  test('takes a record that fills it exactly, and flags one that can never fit', () => {
    const { writer, reader } = ring(1024);
    expect(writer.push(record(1020, 7))).toBe(true);
    expect(reader.pop()).toEqual(record(1020, 7));
    expect(writer.push(record(1021, 7))).toBe(false);
    expect(reader.isOverflowing).toBe(true);
  });

  test.each([0x7fff_ff00, -0x100])('goes on through an index overflow at %i', (startIndex) => {
    const { writer, reader } = ring(1024, startIndex | 0);
    for (let index = 0; index < 1000; index++) {
      expect(writer.push(record(index % 50, index & 255))).toBe(true);
      if (index % 7 !== 0) continue;
      for (let popped = reader.pop(); popped !== undefined; popped = reader.pop())
        expect(popped.length).toBeLessThan(50);
    }
  });

  test('refuses a capacity that is not a power of two', () => {
    expect(() => createRing(3000)).toThrow(/power of two/);
    expect(() => createRing(512)).toThrow(/range/);
  });
});

describe('doorbell', () => {
  const bells = (): [Doorbell, Doorbell] => {
    const memory = createDoorbell();
    return [new Doorbell(memory), new Doorbell(memory, { keepAlive: systemClock })];
  };

  test('wakes its waiter', async () => {
    const [producer, consumer] = bells();
    const waiting = consumer.wait(20_000);
    producer.ring();
    expect(await waiting).toBe('rung');
  });

  test('remembers a ring from before the wait, once', async () => {
    const [producer, consumer] = bells();
    producer.ring();
    producer.ring();
    expect(await consumer.wait(20_000)).toBe('rung');
    expect(await consumer.wait(5)).toBe('fallback');
  });

  test('allows one outstanding wait', async () => {
    const [producer, consumer] = bells();
    const waiting = consumer.wait(20_000);
    await expect(consumer.wait(1)).rejects.toThrow(/one waiter/);
    producer.ring();
    await waiting;
  });
});

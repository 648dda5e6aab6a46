/** Raw batched msgpack over a MessagePort: the floor that the runtime is measured against, nothing else in it. */
import type { MessagePort } from 'node:worker_threads';
import { Packr, RESET_BUFFER_MODE } from 'msgpackr';
import { shapes } from './actor-messages.ts';

/** Predefined structures, which is the fastest msgpackr gets. */
export function createBenchPackr(): Packr {
  const structures = Object.values(shapes).map((keys) => [...keys]);
  return new Packr({ structures, maxSharedStructures: structures.length, maxOwnStructures: 0 });
}

/** All that is sent in one microtask batch is one message. Returns the sender. */
export function rawBatch(
  port: MessagePort,
  receive: (id: number, message: unknown) => void,
): (id: number, message: unknown) => void {
  const packr = createBenchPackr();
  let batch: unknown[] = [];
  const flush = (): void => {
    const bytes = new Uint8Array(packr.pack(batch, RESET_BUFFER_MODE));
    batch = [];
    port.postMessage(bytes, bytes.byteLength < 1024 ? [] : [bytes.buffer]);
  };
  port.on('message', (bytes: Uint8Array) => {
    const fields = packr.unpack(bytes) as unknown[];
    for (let index = 0; index < fields.length; index += 2)
      receive(fields[index] as number, fields[index + 1]);
  });
  return (id, message) => {
    if (batch.length === 0) queueMicrotask(flush);
    batch.push(id, message);
  };
}

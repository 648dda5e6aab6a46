/** A plain file of the spool on its way to a caller: streamed from the disk, released at its end. Made by the intake. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { OpenedMedia } from '../protocol/media.ts';
import { moved } from './garbage.ts';
import { partBytes } from './limits.ts';

async function* parts(stream: Readable): AsyncGenerator<Buffer> {
  for await (const part of stream as AsyncIterable<Buffer>) {
    yield part;
    moved(part.length);
  }
}

export const openedFile = (path: string, sizeBytes: number, release: () => Promise<void>): OpenedMedia => ({
  sizeBytes,
  release,
  read(start, end) {
    const stream = createReadStream(path, { start, end, highWaterMark: partBytes });
    stream.once('close', () => void release());
    return Readable.toWeb(Readable.from(parts(stream), { objectMode: false })) as ReadableStream<Uint8Array>;
  },
});

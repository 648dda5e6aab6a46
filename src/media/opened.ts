/** A plain file of the spool on its way to a caller: streamed from the disk, released at its end. Made by the intake. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { OpenedMedia } from '../protocol/media.ts';
import { passing } from './garbage.ts';
import { partBytes } from './limits.ts';

export const openedFile = (path: string, sizeBytes: number, release: () => Promise<void>): OpenedMedia => ({
  sizeBytes,
  release,
  read(start, end) {
    const stream = createReadStream(path, { start, end, highWaterMark: partBytes });
    stream.once('close', () => void release());
    return Readable.toWeb(
      Readable.from(passing(stream), { objectMode: false }),
    ) as ReadableStream<Uint8Array>;
  },
});

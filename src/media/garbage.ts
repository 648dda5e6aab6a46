/**
 * Buffers of files that pass through a thread are garbage at once, but V8 counts them little and lets 64 MB of them
 * pile up in every thread that a file passes. Whoever moves bytes tells so, and every two megabytes the young
 * generation is collected: half a millisecond, and the memory is reused. Eight were too many: they brought a small heap
 * to its limit, and each a whole collection of 5 to 15 ms. Without `--expose-gc` (a start by hand) V8 is left to itself.
 */
import { collectEveryBytes } from './limits.ts';

type Collect = (options: { type: 'minor' }) => unknown;

let movedBytes = 0;
let lastBytes = 0;

const collect = (): void => void (globalThis.gc as Collect | undefined)?.({ type: 'minor' });

/** So many bytes were read or written in this thread, in buffers that nobody needs any more. */
export function moved(bytes: number): void {
  movedBytes += bytes;
  if (movedBytes < collectEveryBytes) return;
  movedBytes = 0;
  collect();
}

/** Hands on the parts of a file, each moved once it is done with; `times`: itself, and what was made of it. */
export async function* passing(parts: AsyncIterable<Buffer>, times = 1): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    yield part;
    moved(times * part.length);
  }
}

/** As `moved`, looked at from time to time, where a library moves the bytes. */
export function movedUnseen(): void {
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers - lastBytes < collectEveryBytes) return;
  collect();
  lastBytes = process.memoryUsage().arrayBuffers;
}

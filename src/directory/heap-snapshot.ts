/**
 * Writes a heap snapshot to a file of its own, for a person who hunts a leak with DevTools. It holds whatever
 * the thread held, keys and messages among it: only its owner may read it, and nothing here sends it anywhere.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Clock, iso } from '../clock.ts';

export async function writeSnapshot(
  source: Readable,
  dir: string,
  thread: string,
  clock: Clock,
): Promise<{ readonly file: string; readonly bytes: number }> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, `${thread}-${iso(clock.now()).replaceAll(/[:.]/g, '-')}.heapsnapshot`);
  await pipeline(source, createWriteStream(file, { mode: 0o600 }));
  return { file, bytes: (await stat(file)).size };
}

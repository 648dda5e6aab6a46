/**
 * Heap snapshots and CPU profiles of one thread, each written to a file of its own for a person who opens it in
 * DevTools. A heap holds whatever the thread held, keys and messages among it: only its owner may read the file,
 * and nothing here sends it anywhere. One at a time: each holds its thread up.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import { type Clock, iso, pause } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { ThreadFile } from '../protocol/operations.ts';
import type { Actors } from './actors.ts';

export interface ThreadFilesOptions {
  readonly dataDir: string;
  readonly actors: Pick<Actors, 'shards' | 'webhooks'>;
  readonly clock: Clock;
}

type Seen = Pick<Actors['webhooks'], 'heapSnapshot' | 'cpuProfile'>;

export class ThreadFiles {
  #options: ThreadFilesOptions;
  #isBusy = false;

  constructor(options: ThreadFilesOptions) {
    this.#options = options;
  }

  writeHeapSnapshot(thread: string): Promise<ThreadFile> {
    const seen = this.#find(thread);
    return this.#write(thread, 'heap-snapshots', 'heapsnapshot', () => seen.heapSnapshot());
  }

  writeCpuProfile(thread: string, forMs: number): Promise<ThreadFile> {
    const seen = this.#find(thread);
    const wait = (): Promise<void> => pause(this.#options.clock, forMs);
    return this.#write(thread, 'cpu-profiles', 'cpuprofile', async () =>
      Readable.from([await seen.cpuProfile(wait)]),
    );
  }

  #find(thread: string): Seen {
    const { shards, webhooks } = this.#options.actors;
    const host = [webhooks, ...shards].find(({ name }) => name === thread);
    if (host) return host;
    if (thread === 'main') return mainThread;
    const known = `main, webhooks, shard-0 to shard-${shards.length - 1}`;
    throw new AppError('not_found', `there is no thread ${thread}: ${known}`);
  }

  async #write(
    thread: string,
    folder: string,
    ending: string,
    make: () => Promise<Readable>,
  ): Promise<ThreadFile> {
    if (this.#isBusy) throw new AppError('conflict', 'another snapshot or profile is being made');
    this.#isBusy = true;
    try {
      const dir = join(this.#options.dataDir, folder);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const at = iso(this.#options.clock.now()).replaceAll(/[:.]/g, '-');
      const file = join(dir, `${thread}-${at}.${ending}`);
      await pipeline(await make(), createWriteStream(file, { mode: 0o600 }));
      return { thread, file, bytes: (await stat(file)).size };
    } finally {
      this.#isBusy = false;
    }
  }
}

const mainThread: Seen = {
  heapSnapshot: async () => getHeapSnapshot(),
  async cpuProfile(wait) {
    const session = new Session();
    session.connect();
    try {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      await wait();
      return JSON.stringify((await session.post('Profiler.stop')).profile);
    } finally {
      session.disconnect();
    }
  },
};

/**
 * Account state on disk: accounts, companions, prekeys, queues, Signal sessions. Written whole and
 * atomically, at most once a second while something changed, and on stop. Opened by `sandbox.ts`.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { errorFields } from '../log.ts';
import { limits } from './limits.ts';
import { restore, type Snapshot, snapshotOf } from './snapshot.ts';
import type { World } from './world.ts';

export class StateFile {
  readonly #world: World;
  readonly #path: string;
  #timer: Timer | null = null;
  #writing: Promise<void> = Promise.resolve();
  #notBefore = 0;

  constructor(world: World, path: string) {
    this.#world = world;
    this.#path = path;
  }

  static async open(world: World, path: string): Promise<StateFile> {
    const file = new StateFile(world, path);
    await file.#load();
    file.#timer = world.clock.every(limits.stateWritePeriodMs, () => {
      detach(file.#writeWhenDue(), (error) => {
        world.log.error({ error: errorFields(error) }, 'state not written');
      });
    });
    return file;
  }

  async #load(): Promise<void> {
    try {
      restore(this.#world, deserialize(await readFile(this.#path)) as Snapshot);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    }
  }

  /** Serialising holds everything up: at most a small part of the time may go into it. */
  #writeWhenDue(): Promise<void> {
    return this.#world.clock.elapsed() < this.#notBefore ? this.#writing : this.write();
  }

  write(): Promise<void> {
    if (!this.#world.isDirty) return this.#writing;
    this.#world.isDirty = false;
    const start = this.#world.clock.elapsed();
    const bytes = serialize(snapshotOf(this.#world));
    const end = this.#world.clock.elapsed();
    this.#notBefore = end + (end - start) * limits.stateWriteSpacing;
    this.#writing = this.#writing.then(async () => {
      await writeFile(`${this.#path}.new`, bytes);
      await rename(`${this.#path}.new`, this.#path);
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.write();
  }
}

/**
 * Retention of kept files: whole days that are too old, folders of instances that are no more, and the oldest files
 * while there are too many bytes. A folder that did not change since the last look is not read again. Run by the
 * main thread on a timer.
 */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dayOf, keptDir } from './kept.ts';
import { folderSettledMs, keptGoalShare } from './limits.ts';

interface Folder {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  readonly changedMs: number;
}

export interface SweepOptions {
  readonly dataDir: string;
  readonly ageMs: number | null;
  readonly maxBytes: number;
  isInstance(id: string): boolean;
}

const listed = (path: string): Promise<string[]> => readdir(path).catch(() => []);
const removed = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch(() => undefined);
/** A file that came in meanwhile stays. */
const removedIfEmpty = (path: string): Promise<void> => rmdir(path).catch(() => undefined);

export class KeptSweep {
  readonly #options: SweepOptions;
  readonly #dir: string;
  #folders = new Map<string, Folder>();

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#dir = keptDir(options.dataDir);
  }

  /** As of the last look. */
  get bytes(): number {
    return this.#sum(({ bytes }) => bytes);
  }

  get files(): number {
    return this.#sum(({ files }) => files);
  }

  #sum(of: (folder: Folder) => number): number {
    let sum = 0;
    for (const folder of this.#folders.values()) sum += of(folder);
    return sum;
  }

  async run(nowMs: number): Promise<void> {
    const { ageMs, maxBytes } = this.#options;
    const known = this.#folders;
    this.#folders = new Map();
    for (const day of (await listed(this.#dir)).sort()) {
      if (ageMs !== null && day < dayOf(nowMs - ageMs)) await removed(join(this.#dir, day));
      else await this.#lookAt(day, known, nowMs);
    }
    if (this.bytes > maxBytes) await this.#shrink(Math.floor(maxBytes * keptGoalShare));
  }

  async #lookAt(day: string, known: ReadonlyMap<string, Folder>, nowMs: number): Promise<void> {
    for (const instance of await listed(join(this.#dir, day))) {
      const path = join(this.#dir, day, instance);
      if (this.#options.isInstance(instance)) {
        const folder = await read(path, known.get(path), nowMs);
        if (folder) this.#folders.set(path, folder);
        else await removedIfEmpty(path);
      } else await removed(path);
    }
    if (day < dayOf(nowMs)) await removedIfEmpty(join(this.#dir, day));
  }

  /** The oldest day first, within it the oldest file. */
  async #shrink(goalBytes: number): Promise<void> {
    let { bytes } = this;
    const days = Map.groupBy(this.#folders.values(), ({ path }) => join(path, '..'));
    for (const folders of days.values()) {
      const found = (await Promise.all(folders.map(({ path }) => filesOf(path)))).flat();
      for (const file of found.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
        if (bytes <= goalBytes) return;
        await removed(file.path);
        bytes -= file.size;
        this.#took(join(file.path, '..'), file.size);
      }
    }
  }

  #took(path: string, size: number): void {
    const folder = this.#folders.get(path);
    if (!folder) return;
    const { files, bytes } = folder;
    this.#folders.set(path, { ...folder, files: files - 1, bytes: bytes - size, changedMs: 0 });
  }
}

async function filesOf(folder: string): Promise<{ path: string; size: number; mtimeMs: number }[]> {
  const files: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of await listed(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found) files.push({ path, size: found.size, mtimeMs: found.mtimeMs });
  }
  return files;
}

/** Null: empty, and has been for a while. */
async function read(path: string, known: Folder | undefined, nowMs: number): Promise<Folder | null> {
  const changedMs = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
  const isSettled = changedMs < nowMs - folderSettledMs;
  if (known && isSettled && known.changedMs === changedMs) return known;
  const files = await filesOf(path);
  if (files.length === 0 && isSettled) return null;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { path, files: files.length, bytes, changedMs };
}

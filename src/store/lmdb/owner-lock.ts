/**
 * One process a DATA_DIR: an exclusive SQLite lock on `owner.lock`, which is an operating-system file lock
 * (fcntl, LockFileEx), the only one that Node ships on every platform. It dies with the process, so that
 * `kill -9` leaves nothing behind and a reused pid cannot mislead; containers that share the volume see it.
 * Taken by the main thread before LMDB is opened. `owner.json` beside it only makes the refusal readable.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../../config.ts';

export interface OwnerLock {
  release(): void;
}

/** Another process has the folder. */
export class FolderInUse extends ConfigError {}

const sqliteBusy = 5;

function readOwner(dir: string): string {
  try {
    const owner = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as { pid: number; since: string };
    return `process ${owner.pid} (since ${owner.since})`;
  } catch {
    return 'another process';
  }
}

function openLock(dir: string): DatabaseSync {
  try {
    mkdirSync(dir, { recursive: true });
    return new DatabaseSync(join(dir, 'owner.lock'), { timeout: 0 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`DATA_DIR: ${dir} cannot be used as a folder to write in: ${why}`);
  }
}

/** Throws `FolderInUse` when another process (or another gateway in this one) has the folder. */
export function lockFolder(dir: string, now: string): OwnerLock {
  const lock = openLock(dir);
  try {
    lock.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
    throw new FolderInUse(
      `DATA_DIR: ${dir} is in use by ${readOwner(dir)}; one folder takes one process, so stop it or set another DATA_DIR`,
    );
  }
  writeFileSync(join(dir, 'owner.json'), `${JSON.stringify({ pid: process.pid, since: now })}\n`);
  return { release: () => lock.close() };
}

/**
 * Rewrites the store under another key, or under none: every row is read with the old key and written beside
 * the old store with the new one, counted, and the two change places. A kill at any moment leaves one whole
 * store. Called by `elenco rekey`, never while a gateway owns the folder.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseName, type Environment, openEnvironment, writeRows } from '../store/lmdb/databases.ts';
import { lockFolder } from '../store/lmdb/owner-lock.ts';
import { BackupError } from './failure.ts';
import { openForReading, snapshot } from './snapshot.ts';

export interface RekeyOptions {
  readonly dataDir: string;
  readonly from: string | null;
  readonly to: string | null;
  /** ISO 8601. */
  readonly now: string;
}

const batchRows = 1_000;
const everything = { scope: 'all', instance: null } as const;

async function copy(from: Environment, to: Environment): Promise<number> {
  let rows: { db: DatabaseName; key: Uint8Array; value: Uint8Array }[] = [];
  let count = 0;
  for await (const row of snapshot(from, everything)) {
    rows.push({ ...row, db: row.db as DatabaseName });
    count += 1;
    if (rows.length < batchRows) continue;
    await writeRows(to, rows);
    rows = [];
  }
  await writeRows(to, rows);
  await to.root.flushed;
  return count;
}

async function countRows(env: Environment): Promise<number> {
  let count = 0;
  for await (const _ of snapshot(env, everything)) count += 1;
  return count;
}

/** Answers how many rows were rewritten. */
export async function rekey({ dataDir, from, to, now }: RekeyOptions): Promise<number> {
  const lock = lockFolder(dataDir, now);
  const building = join(dataDir, 'rekeying');
  const [store, old] = [join(dataDir, 'store'), join(dataDir, 'store.old')];
  try {
    await rm(building, { recursive: true, force: true });
    await mkdir(building, { recursive: true, mode: 0o700 });
    const before = openForReading(dataDir, from);
    const after = openEnvironment(building, to);
    const rows = await copy(before, after);
    const found = await countRows(after);
    await before.root.close();
    await after.root.close();
    if (found !== rows) throw new BackupError(`${rows} rows were written and ${found} read back`);
    await rm(old, { recursive: true, force: true });
    await rename(store, old);
    await rename(join(building, 'store'), store);
    await rm(old, { recursive: true, force: true });
    return rows;
  } finally {
    await rm(building, { recursive: true, force: true });
    lock.release();
  }
}

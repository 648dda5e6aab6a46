/**
 * All rows of the store as of one moment, read page by page in one LMDB read transaction while others write.
 * LMDB keeps the pages that the snapshot sees, so the file may grow meanwhile: nothing here waits for long.
 * Called by backup.ts, in the process that owns the folder or in another one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { yieldTurn } from '../clock.ts';
import { unpack } from '../store/codec.ts';
import {
  type DatabaseName,
  type Environment,
  openEnvironment,
  sessionDatabases,
} from '../store/lmdb/databases.ts';
import { afterKey, afterPrefix, keyOf } from '../store/lmdb/keys.ts';
import type { StoreIdentity } from '../store/ports.ts';
import { BackupError } from './failure.ts';
import type { BackupRow } from './rows.ts';

/** `sessions`: settings, instances and sessions; `all`: events, messages and what is undelivered too. */
export type BackupScope = 'all' | 'sessions';

const movedDatabases = ['configs', 'statuses', ...sessionDatabases] as const;
const pageRows = 500;

export interface SnapshotOptions {
  readonly scope: BackupScope;
  /** Only what belongs to this instance: its settings and session. */
  readonly instance: string | null;
}

function databasesOf(env: Environment, { scope, instance }: SnapshotOptions): readonly DatabaseName[] {
  if (instance !== null) return movedDatabases;
  return scope === 'sessions' ? ['meta', ...movedDatabases] : (Object.keys(env.db) as DatabaseName[]);
}

/** Opens the store of `dataDir` for reading; refuses a folder without one, which opening would make. */
export function openForReading(dataDir: string, dataKey: string | null): Environment {
  if (!existsSync(join(dataDir, 'store', 'data.mdb')))
    throw new BackupError(`${dataDir} (DATA_DIR) has no store`);
  return openEnvironment(dataDir, dataKey);
}

/** The WhatsApp server that the store was made for. */
export function serverOf(env: Environment): StoreIdentity {
  const found = env.db.meta.get(keyOf('identity'));
  if (!found) throw new BackupError('its store was never opened by a gateway');
  const { socketHost, rootKey } = unpack(found) as StoreIdentity;
  return { socketHost, rootKey };
}

export async function* snapshot(env: Environment, options: SnapshotOptions): AsyncGenerator<BackupRow> {
  env.root.resetReadTxn();
  const transaction = env.root.useReadTransaction();
  try {
    for (const db of databasesOf(env, options)) {
      let start: Uint8Array = options.instance === null ? Buffer.alloc(1) : keyOf(options.instance);
      const end = options.instance === null ? afterPrefix(new Uint8Array(0)) : afterPrefix(start);
      for (;;) {
        const page = [...env.db[db].getRange({ start, end, limit: pageRows, transaction })];
        for (const { key, value } of page) yield { db, key, value };
        const last = page.at(-1);
        if (!last || page.length < pageRows) break;
        start = afterKey(last.key);
        await yieldTurn();
      }
    }
  } finally {
    transaction.done();
  }
}

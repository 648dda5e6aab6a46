/**
 * Uses a backup: `restore` makes a store of it, `importInstance` adds one instance to a store, `inspect` reads
 * it to its end. Restoring writes beside the final place and moves it there when the last row is checked, so
 * that a wrong passphrase or a cut file leaves nothing. Never while a gateway owns the folder.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type DatabaseName, type Environment, openEnvironment, writeRows } from '../store/lmdb/databases.ts';
import { claimIdentity, storeFormat } from '../store/lmdb/identity.ts';
import { keyOf } from '../store/lmdb/keys.ts';
import { lockFolder } from '../store/lmdb/owner-lock.ts';
import type { StoreIdentity } from '../store/ports.ts';
import { BackupError } from './failure.ts';
import { type BackupHead, type BackupRow, readRecords } from './rows.ts';
import { opening } from './seal.ts';
import { untarring } from './tar.ts';

export interface RestoreOptions {
  readonly dataDir: string;
  /** What the store is, or will be, encrypted with. */
  readonly dataKey: string | null;
  readonly passphrase: string;
  /** Of the settings: a store of another WhatsApp server is refused. */
  readonly identity: StoreIdentity;
  /** ISO 8601. */
  readonly now: string;
}

export interface Restored {
  readonly head: BackupHead;
  readonly rows: number;
  readonly instances: number;
}

const batchRows = 1_000;

interface Sink {
  begin(head: BackupHead): void;
  write(rows: readonly BackupRow[]): Promise<void>;
}

/** Reads a backup to its end into `sink`; every check has passed when it resolves. */
async function read(source: Readable, passphrase: string, sink: Sink): Promise<Restored> {
  const plain = pipeline(source, untarring(), opening(passphrase), createGunzip(), () => undefined);
  let head: BackupHead | undefined;
  let waiting: BackupRow[] = [];
  const counted = { rows: 0, instances: 0 };
  for await (const record of readRecords(plain)) {
    if (record.kind === 'head') {
      head = record.head;
      sink.begin(head);
    }
    if (record.kind === 'row') {
      waiting.push(record.row);
      counted.rows += 1;
      if (record.row.db === 'configs') counted.instances += 1;
    }
    if (waiting.length < batchRows) continue;
    await sink.write(waiting);
    waiting = [];
  }
  await sink.write(waiting);
  if (!head) throw new BackupError('it is empty');
  return { head, ...counted };
}

function assertServer(head: BackupHead, { identity }: Pick<RestoreOptions, 'identity'>): void {
  const { socketHost, rootKey } = head.server;
  if (socketHost !== identity.socketHost || rootKey !== identity.rootKey)
    throw new BackupError(
      `its sessions are for ${socketHost} (root key ${rootKey.slice(0, 8)}…), ` +
        `WA_SOCKET_URL and WA_ROOT_KEY say ${identity.socketHost} (${identity.rootKey.slice(0, 8)}…)`,
    );
}

function assertReadable(head: BackupHead): void {
  if (head.format > storeFormat)
    throw new BackupError(
      `its rows have format ${head.format}, this version reads up to ${storeFormat}: use a newer one`,
    );
}

async function writeInto(env: Environment, rows: readonly BackupRow[]): Promise<void> {
  const unknown = rows.find(({ db }) => !(db in env.db));
  if (unknown) throw new BackupError(`it has a database ${unknown.db} that this version does not know`);
  await writeRows(
    env,
    rows.map(({ db, key, value }) => ({ db: db as DatabaseName, key, value })),
  );
}

async function fill(env: Environment, source: Readable, options: RestoreOptions): Promise<Restored> {
  try {
    const restored = await read(source, options.passphrase, {
      begin(head) {
        assertReadable(head);
        assertServer(head, options);
        if (head.instance !== null) throw new BackupError('it is an export of one instance: import it');
      },
      write: (rows) => writeInto(env, rows),
    });
    await env.root.flushed;
    return restored;
  } finally {
    await env.root.close();
  }
}

/** Makes the store of an empty DATA_DIR. */
export async function restore(source: Readable, options: RestoreOptions): Promise<Restored> {
  const { dataDir } = options;
  const lock = lockFolder(dataDir, options.now);
  const building = join(dataDir, 'restoring');
  try {
    if (existsSync(join(dataDir, 'store')))
      throw new BackupError(
        `${dataDir} (DATA_DIR) already has a store: move it away, or set another DATA_DIR`,
      );
    await rm(building, { recursive: true, force: true });
    await mkdir(building, { recursive: true, mode: 0o700 });
    const restored = await fill(openEnvironment(building, options.dataKey), source, options);
    await rename(join(building, 'store'), join(dataDir, 'store'));
    return restored;
  } finally {
    source.destroy();
    await rm(building, { recursive: true, force: true });
    lock.release();
  }
}

/** Adds the instance of an export to an open store; nothing is written before the file is read to its end. */
export async function importInto(
  env: Environment,
  source: Readable,
  options: Pick<RestoreOptions, 'passphrase' | 'identity'>,
): Promise<Restored> {
  const rows: BackupRow[] = [];
  try {
    const added = await read(source, options.passphrase, {
      begin(head) {
        assertServer(head, options);
        assertNew(env, head);
      },
      async write(more) {
        rows.push(...more);
      },
    });
    await writeInto(env, rows);
    await env.root.flushed;
    return added;
  } finally {
    source.destroy();
  }
}

/** Adds the instance of an export to the store of DATA_DIR, whose gateway is stopped meanwhile. */
export async function importInstance(source: Readable, options: RestoreOptions): Promise<Restored> {
  const lock = lockFolder(options.dataDir, options.now);
  let env: Environment | undefined;
  try {
    const into = openEnvironment(options.dataDir, options.dataKey);
    env = into;
    await claimIdentity(into, options.identity, true);
    return await importInto(into, source, options);
  } finally {
    await env?.root.close();
    lock.release();
  }
}

function assertNew(env: Environment, head: BackupHead): void {
  assertReadable(head);
  if (head.instance === null) throw new BackupError('it is a backup of a whole store: restore it');
  if (head.format !== storeFormat)
    throw new BackupError(`its rows have format ${head.format}, this store has ${storeFormat}`);
  if (env.db.configs.get(keyOf(head.instance)))
    throw new BackupError(`instance ${head.instance} is already here: delete it first`, { isTaken: true });
}

/** What a backup holds; fails where it could not be restored. */
export function inspect(source: Readable, passphrase: string): Promise<Restored> {
  return read(source, passphrase, { begin: assertReadable, write: async () => undefined });
}

/**
 * Makes a backup: rows of one snapshot, compressed, sealed with a passphrase, to any writable stream or to a
 * dated file of a folder, which appears under its name only when it is whole. The gateway need not stop.
 * Called by the command line and by the worker of scheduled backups.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Environment } from '../store/lmdb/databases.ts';
import { storeFormat } from '../store/lmdb/identity.ts';
import { BackupError } from './failure.ts';
import { type BackupHead, footBytes, headBytes, rowBytes } from './rows.ts';
import { sealing } from './seal.ts';
import { type SnapshotOptions, serverOf, snapshot } from './snapshot.ts';
import { tarring } from './tar.ts';

export interface BackupOptions extends SnapshotOptions {
  readonly passphrase: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly version: string;
  /** Those that were set, so that the machine can be set up anew; none in an export. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface BackupMade {
  readonly rows: number;
}

const flushBytes = 65_536;

async function* contents(
  env: Environment,
  options: BackupOptions,
  counted: { rows: number },
): AsyncGenerator<Buffer> {
  const { scope, instance, madeAt, version, settings } = options;
  const head: BackupHead = {
    ...{ format: storeFormat, server: serverOf(env) },
    ...{ scope, instance, madeAt, version, settings },
  };
  let parts = [headBytes(head)];
  let size = 0;
  for await (const row of snapshot(env, options)) {
    const bytes = rowBytes(row);
    counted.rows += 1;
    parts.push(bytes);
    size += bytes.length;
    if (size < flushBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  if (instance !== null && counted.rows === 0) throw new BackupError(`there is no instance ${instance}`);
  yield Buffer.concat([...parts, footBytes({ rows: counted.rows })]);
}

/** Resolves when everything is handed to `sink`, which is then closed (stdout stays open). */
export async function writeBackup(
  env: Environment,
  sink: Writable,
  options: BackupOptions & { readonly isTar?: boolean },
): Promise<BackupMade> {
  const counted = { rows: 0 };
  const source = Readable.from(contents(env, options, counted));
  const sealed = await sealing(options.passphrase);
  const shape = options.isTar ? tarring(options.madeAt) : new PassThrough();
  await pipeline(source, createGzip({ level: 6 }), sealed, shape, sink, { end: sink !== process.stdout });
  return counted;
}

const suffix = '.elenco';
const prefix = 'elenco-';

/** `elenco-2026-01-31T03-00-00-000Z.elenco`: sorts by time. */
export const backupName = (madeAt: string): string => `${prefix}${madeAt.replaceAll(/[:.]/g, '-')}${suffix}`;

/** When the file of that name was made, or null for any other name. */
export function backupTime(name: string): number | null {
  const match = /^elenco-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3}Z)\.elenco$/.exec(name);
  if (!match) return null;
  const [, hour, minute, second, rest] = match;
  return Date.parse(`${hour}:${minute}:${second}.${rest}`);
}

export interface FolderBackup extends BackupMade {
  readonly file: string;
  /** Old backups that went. */
  readonly removed: number;
}

/** Writes `file`, which nobody but its owner may read; whole and on the disk, or not there at all. */
export async function writeBackupFile(
  env: Environment,
  file: string,
  options: BackupOptions,
): Promise<BackupMade> {
  const partial = `${file}.partial`;
  try {
    const made = await writeBackup(env, createWriteStream(partial, { mode: 0o600 }), options);
    const written = await open(partial, 'r+');
    await written.sync();
    await written.close();
    await rename(partial, file);
    return made;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** A dated backup in `folder`; the oldest beyond `filesMax` go, after the new one is whole. */
export async function backUpTo(
  env: Environment,
  folder: string,
  options: BackupOptions & { readonly filesMax: number | null },
): Promise<FolderBackup> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, backupName(options.madeAt));
  const made = await writeBackupFile(env, file, options);
  const kept = (await readdir(folder)).filter((name) => backupTime(name) !== null);
  const spare = options.filesMax === null ? [] : kept.toSorted().slice(0, -options.filesMax);
  for (const name of spare) await rm(join(folder, name));
  return { ...made, file, removed: spare.length };
}

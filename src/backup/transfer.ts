/**
 * Export and import of one instance beside the running gateway, in a thread of its own: reading, compressing and
 * sealing a session of thousands of records would hold the main thread up. The main thread sees to it that nobody
 * else writes under the id meanwhile. Called by src/directory/transfers.ts; workers/transfer.ts is the thread.
 */
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Environment, openEnvironment } from '../store/lmdb/databases.ts';
import type { StoreIdentity } from '../store/ports.ts';
import { writeBackup } from './backup.ts';
import { BackupError } from './failure.ts';
import { importInto, inspect } from './restore.ts';
import { runInWorker } from './run-in-worker.ts';

interface Place {
  readonly dataDir: string;
  readonly dataKey: string | null;
  readonly passphrase: string;
}

export type TransferRun = Place &
  (
    | {
        readonly kind: 'export';
        readonly instance: string;
        readonly madeAt: string;
        readonly version: string;
      }
    | { readonly kind: 'look'; readonly file: string }
    | { readonly kind: 'import'; readonly file: string; readonly identity: StoreIdentity }
  );

/** `refused`: what is wrong with the file or the passphrase, as a sentence. */
export type TransferDone =
  | { readonly kind: 'exported'; readonly bytes: Uint8Array }
  | { readonly kind: 'found' | 'imported'; readonly instance: string }
  | { readonly kind: 'refused'; readonly why: string; readonly isTaken: boolean };

async function exportFrom(env: Environment, run: TransferRun & { kind: 'export' }): Promise<TransferDone> {
  const { passphrase, instance, madeAt, version } = run;
  const sink = new PassThrough();
  const options = {
    ...({ scope: 'sessions', instance, settings: {} } as const),
    passphrase,
    madeAt,
    version,
  };
  const [bytes] = await Promise.all([buffer(sink), writeBackup(env, sink, options)]);
  return { kind: 'exported', bytes };
}

async function importFrom(env: Environment, run: TransferRun & { kind: 'import' }): Promise<TransferDone> {
  const { head } = await importInto(env, createReadStream(run.file), run);
  return { kind: 'imported', instance: head.instance ?? '' };
}

/** Whose export the file is, which is read to its end. */
async function lookInto({ file, passphrase }: TransferRun & { kind: 'look' }): Promise<TransferDone> {
  const { head } = await inspect(createReadStream(file), passphrase);
  if (head.instance === null) throw new BackupError('it is a backup of a whole store: restore it');
  return { kind: 'found', instance: head.instance };
}

async function onStore(run: Exclude<TransferRun, { kind: 'look' }>): Promise<TransferDone> {
  const env = openEnvironment(run.dataDir, run.dataKey);
  try {
    return await (run.kind === 'export' ? exportFrom(env, run) : importFrom(env, run));
  } finally {
    await env.root.close();
  }
}

/** What the thread does. */
export async function transfer(run: TransferRun): Promise<TransferDone> {
  try {
    return await (run.kind === 'look' ? lookInto(run) : onStore(run));
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return { kind: 'refused', why: error.message, isTaken: error.isTaken };
  }
}

/** Runs it in a thread; rejects when that fails for any other reason than the file. */
export const transferInWorker = (run: TransferRun): Promise<TransferDone> => runInWorker('transfer.ts', run);

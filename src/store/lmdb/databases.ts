/**
 * The named databases of the one LMDB environment and the only calls into lmdb-js beside `open.ts`' close.
 * Every thread opens them; values and keys are bytes. Never a `*Sync` write, never `transaction(cb)`
 * (DECISIONS 2). Nothing lives in the root database.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { MessagesGone } from '../conversation-ports.ts';
import { valueCodec } from './data-key.ts';

export type Bytes = Database<Uint8Array, Uint8Array>;

/** Keyed by instance: what goes with a session, and what goes with the instance alone. */
export const sessionDatabases = ['creds', 'signal', 'devices'] as const;
export const instanceDatabases = [
  'events',
  'dedupe',
  'pending',
  'deadLetters',
  'sent',
  'sentStates',
  'queued',
  'messages',
  'messagesByChat',
  'messagesByTime',
  'marks',
  'chats',
  'chatsByTime',
  'contacts',
] as const;

const names = [
  'meta',
  'configs',
  'statuses',
  'idempotency',
  'timeline',
  ...sessionDatabases,
  ...instanceDatabases,
] as const;
export type DatabaseName = (typeof names)[number];

export interface Environment {
  readonly root: RootDatabase;
  readonly db: Readonly<Record<DatabaseName, Bytes>>;
  /** Absent: nothing lies outside of the store. */
  readonly messagesGone?: MessagesGone;
}

/** One put (or, with null, one removal) of the batch that a commit becomes. */
export interface Row {
  readonly db: DatabaseName;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

const databasesMax = 32;

/** `elenco rekey` puts a new store in the place of the old one: a kill in between is taken back here. */
function finishExchange(dir: string): void {
  const old = join(dir, 'store.old');
  if (existsSync(old) && !existsSync(join(dir, 'store'))) renameSync(old, join(dir, 'store'));
}

/** `dataKey`: 64 hex digits, or null for values that are stored as they are. */
export function openEnvironment(dir: string, dataKey: string | null = null): Environment {
  mkdirSync(dir, { recursive: true });
  finishExchange(dir);
  const encoder = valueCodec(join(dir, 'store'), dataKey);
  const root = open({ path: join(dir, 'store'), maxDbs: databasesMax, noSubdir: false });
  adoptStrays(root);
  const openNamed = (name: string): Bytes =>
    root.openDB<Uint8Array, Uint8Array>({
      name,
      keyEncoding: 'binary',
      ...(encoder ? { encoder } : { encoding: 'binary' }),
    });
  const entries = names.map((name) => [name, openNamed(name)] as const);
  return { root, db: Object.fromEntries(entries) as Record<DatabaseName, Bytes> };
}

const ignore = (): void => undefined;

/**
 * lmdb-js 3.5 also makes a promise of its own for each event turn that writes, and hands it to nobody; when
 * the commit fails (disk full) its rejection would end the process. `committed` is that promise from the end of
 * the callback that begins the commit until the next write.
 */
function adoptStrays(root: RootDatabase): void {
  root.on('beforecommit', () => queueMicrotask(() => void root.committed.then(ignore, ignore)));
}

/** All rows in one LMDB transaction. Nothing in the callback can throw: keys and values are checked bytes. */
export function writeRows(env: Environment, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return Promise.resolve();
  const written: Promise<unknown> = env.root.batch(() => {
    for (const { db, key, value } of rows) {
      // Inside a batch both give one shared, already resolved promise; the batch's own tells the outcome.
      if (value === null) void env.db[db].remove(key);
      else void env.db[db].put(key, value);
    }
  });
  return written as Promise<void>;
}

/** Reads see what other threads have committed by now (lmdb-js keeps its snapshot for a timer turn). */
export const refresh = (env: Environment): void => env.root.resetReadTxn();

/**
 * What the store was made for and in which format. The owner records it at first, and everybody checks it:
 * real sessions opened against the sandbox would be answered 401 and logged out (DECISIONS 1).
 */
import { ConfigError } from '../../config.ts';
import { pack, unpack } from '../codec.ts';
import type { StoreIdentity } from '../ports.ts';
import { type Environment, type Row, refresh, writeRows } from './databases.ts';
import { keyOf } from './keys.ts';

/** Raise it with a step in `migrations` whenever stored bytes change their meaning. */
export const storeFormat = 2;
const formatKey = keyOf('format');
const identityKey = keyOf('identity');

/** `migrations[n]` makes format n + 2 of format n + 1: answers the rows to write, in one commit. */
const migrations: readonly ((env: Environment) => readonly Row[])[] = [
  // Sent records were objects with their state inside: they are read as they are, and go with their retention.
  () => [],
];

interface Found {
  readonly format: number | undefined;
  readonly identity: StoreIdentity | undefined;
}

function readMeta(env: Environment): Found {
  refresh(env);
  const format = env.db.meta.get(formatKey);
  const identity = env.db.meta.get(identityKey);
  return {
    format: format && (unpack(format) as number),
    identity: identity && (unpack(identity) as StoreIdentity),
  };
}

function checkFormat(format: number): void {
  if (format > storeFormat)
    throw new ConfigError(
      `DATA_DIR: its store has format ${format}, this version reads up to ${storeFormat}; run the newer version`,
    );
}

function checkIdentity(found: StoreIdentity, asked: StoreIdentity): void {
  if (found.rootKey !== asked.rootKey)
    throw new ConfigError(
      `DATA_DIR: its store was made for WA_ROOT_KEY ${found.rootKey.slice(0, 8)}…, got ${asked.rootKey.slice(0, 8)}…; use another DATA_DIR`,
    );
  if (found.socketHost !== asked.socketHost)
    throw new ConfigError(
      `DATA_DIR: its store was made for ${found.socketHost} (WA_SOCKET_URL), got ${asked.socketHost}; use another DATA_DIR`,
    );
}

async function migrate(env: Environment, from: number): Promise<void> {
  for (let format = from; format < storeFormat; format++) {
    const rows = migrations[format - 1]?.(env) ?? [];
    await writeRows(env, [...rows, { db: 'meta', key: formatKey, value: pack(format + 1) }]);
  }
}

/** Throws `ConfigError` for another identity or a newer format; the owner records and migrates. */
export async function claimIdentity(env: Environment, asked: StoreIdentity, isOwner: boolean): Promise<void> {
  const found = readMeta(env);
  if (found.format !== undefined) checkFormat(found.format);
  if (found.identity) checkIdentity(found.identity, asked);
  if (!isOwner) return;
  if (found.format !== undefined && found.format < storeFormat) await migrate(env, found.format);
  if (found.identity && found.format !== undefined) return;
  const { socketHost, rootKey } = asked;
  await writeRows(env, [
    { db: 'meta', key: formatKey, value: pack(storeFormat) },
    { db: 'meta', key: identityKey, value: pack({ socketHost, rootKey }) },
  ]);
}

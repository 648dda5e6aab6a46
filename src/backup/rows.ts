/**
 * The rows of a backup as bytes and back. A record is a JSON head or foot (kind, length, text) or a row (kind,
 * lengths, database, key, value). The foot says how many rows there were: a backup without it is no backup.
 * Databases go by name, so that a later version with more of them reads what this one wrote.
 */
import type { StoreIdentity } from '../store/ports.ts';
import { BackupError } from './failure.ts';

export interface BackupRow {
  readonly db: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface BackupHead {
  /** Format of the stored rows (`storeFormat`), which a later version migrates as it opens them. */
  readonly format: number;
  readonly scope: string;
  /** The one instance of an export, else null. */
  readonly instance: string | null;
  readonly madeAt: string;
  /** The WhatsApp server that the sessions are for. */
  readonly server: StoreIdentity;
  readonly version: string;
  /** The settings that were given, by name; absent in backups of before. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface BackupFoot {
  readonly rows: number;
}

export type BackupRecord =
  | { readonly kind: 'head'; readonly head: BackupHead }
  | { readonly kind: 'row'; readonly row: BackupRow }
  | { readonly kind: 'foot'; readonly foot: BackupFoot };

const kinds = { head: 1, row: 2, foot: 3 } as const;
const recordMaxBytes = 256 * 1_048_576;

function textRecord(kind: number, value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const start = Buffer.alloc(5);
  start.writeUInt8(kind);
  start.writeUInt32BE(text.length, 1);
  return Buffer.concat([start, text]);
}

export const headBytes = (head: BackupHead): Buffer => textRecord(kinds.head, head);
export const footBytes = (foot: BackupFoot): Buffer => textRecord(kinds.foot, foot);

export function rowBytes({ db, key, value }: BackupRow): Buffer {
  const name = Buffer.from(db);
  const start = Buffer.alloc(10);
  start.writeUInt8(kinds.row);
  start.writeUInt8(name.length, 1);
  start.writeUInt32BE(key.length, 2);
  start.writeUInt32BE(value.length, 6);
  return Buffer.concat([start, name, key, value]);
}

interface Parsed {
  readonly record: BackupRecord;
  readonly size: number;
}

function parseText(bytes: Buffer, kind: number): Parsed | undefined {
  if (bytes.length < 5) return undefined;
  const size = 5 + bytes.readUInt32BE(1);
  if (size > recordMaxBytes) throw new BackupError('it is damaged');
  if (bytes.length < size) return undefined;
  const value: unknown = JSON.parse(bytes.subarray(5, size).toString());
  return kind === kinds.head
    ? { record: { kind: 'head', head: value as BackupHead }, size }
    : { record: { kind: 'foot', foot: value as BackupFoot }, size };
}

function parseRow(bytes: Buffer): Parsed | undefined {
  if (bytes.length < 10) return undefined;
  const nameEnd = 10 + bytes.readUInt8(1);
  const keyEnd = nameEnd + bytes.readUInt32BE(2);
  const size = keyEnd + bytes.readUInt32BE(6);
  if (size > recordMaxBytes) throw new BackupError('it is damaged');
  if (bytes.length < size) return undefined;
  const db = bytes.subarray(10, nameEnd).toString();
  const row = { db, key: bytes.subarray(nameEnd, keyEnd), value: bytes.subarray(keyEnd, size) };
  return { record: { kind: 'row', row }, size };
}

function parse(bytes: Buffer): Parsed | undefined {
  if (bytes.length === 0) return undefined;
  const kind = bytes.readUInt8();
  if (kind === kinds.row) return parseRow(bytes);
  if (kind === kinds.head || kind === kinds.foot) return parseText(bytes, kind);
  throw new BackupError(`it has a record of unknown kind ${kind}: made by a newer version, or damaged`);
}

/** The records of a stream, checked: a head first, a foot last, as many rows as the foot says. */
export async function* readRecords(stream: AsyncIterable<Buffer>): AsyncGenerator<BackupRecord> {
  let waiting = Buffer.alloc(0);
  let rows = 0;
  let last: BackupRecord['kind'] | undefined;
  for await (const bytes of stream) {
    waiting = Buffer.concat([waiting, bytes]);
    for (let next = parse(waiting); next; next = parse(waiting)) {
      waiting = waiting.subarray(next.size);
      const { record } = next;
      if ((last === undefined) !== (record.kind === 'head') || last === 'foot')
        throw new BackupError('its records are out of order');
      last = record.kind;
      if (record.kind === 'row') rows += 1;
      if (record.kind === 'foot' && record.foot.rows !== rows)
        throw new BackupError(`it has ${rows} rows, its foot says ${record.foot.rows}`);
      yield record;
    }
  }
  if (last !== 'foot' || waiting.length > 0) throw new BackupError('it is cut off');
}

/**
 * `StoreWrite` → rows: pure, and everything that can fail fails here, before the batch begins. Called by
 * `commit` only. A new kind of write gets a case here and a database in `databases.ts`.
 */
import { checkPlain, ownBytes, pack } from '../codec.ts';
import { toEventRow } from '../event-frame.ts';
import type { StoreWrite } from '../ports.ts';
import { conversationRows } from './conversation-rows.ts';
import type { DatabaseName, Row } from './databases.ts';
import { keyOf, writeNumber } from './keys.ts';
import {
  type AgingKind,
  deadLetterKey,
  dedupeKey,
  eventKey,
  globalWebhookKey,
  idempotencyKey,
  type PendingRow,
  pendingKey,
  sentKey,
  settingKey,
  signalKey,
  timelineKey,
} from './layout.ts';
import { packSent, packSentState } from './sent-layout.ts';

type Write<T extends StoreWrite['to']> = Extract<StoreWrite, { to: T }>;

const empty = new Uint8Array(0);

/** A value that whoever wrote the types could have got wrong: checked, then packed. */
function packChecked(value: unknown, path: string): Uint8Array {
  checkPlain(value, path);
  return pack(value);
}

const cold = (db: DatabaseName, key: Uint8Array, value: unknown): Row[] => [
  { db, key, value: value === null ? null : packChecked(value, db) },
];

/** The caller's bytes are copied: they may change or move before the batch is written. */
const raw = (db: DatabaseName, key: Uint8Array, value: Uint8Array | null): Row[] => [
  { db, key, value: value && ownBytes(value) },
];

const born = (kind: AgingKind, at: number, key: Uint8Array): Row => ({
  db: 'timeline',
  key: timelineKey(kind, at, key),
  value: empty,
});

function eventRows({ event, webhooks }: Write<'event'>): Row[] {
  const key = eventKey(event.instance, event.seq);
  const pending: PendingRow = [event.instance, event.chat, event.at];
  const rows: Row[] = [{ db: 'events', key, value: pack(toEventRow(event)) }, born('event', event.seq, key)];
  if (webhooks.length === 0) return rows;
  const value = pack(pending);
  for (const webhook of webhooks) rows.push({ db: 'pending', key: pendingKey(webhook, event.seq), value });
  return rows;
}

function dedupeRows(write: Write<'dedupe'>): Row[] {
  const key = dedupeKey(write.instance, write.chat, write.sender, write.id);
  const value = Buffer.allocUnsafe(7);
  writeNumber(value, write.seq, 0);
  return [{ db: 'dedupe', key, value }, born('dedupe', write.seq, key)];
}

function pendingRows({ entry }: Write<'pending'>): Row[] {
  const value: PendingRow = [entry.instance, entry.chat, entry.at];
  return [{ db: 'pending', key: pendingKey(entry.webhook, entry.seq), value: pack(value) }];
}

function deadLetterRows({ letter }: Write<'deadLetter'>): Row[] {
  const key = deadLetterKey(letter.webhook, letter.seq);
  return [...cold('deadLetters', key, letter), born('deadLetter', letter.deadAt, key)];
}

/** A new state of a stored message is one row, and one more where it leaves the queue: the record stays. */
function sentRows({ record, queued, previous }: Write<'sent'>): Row[] {
  const key = sentKey(record.instance, record.id);
  const leaves: Row = { db: 'queued', key, value: null };
  if (previous !== undefined) {
    const state: Row = { db: 'sentStates', key, value: packSentState(record) };
    return previous === 'queued' ? [state, leaves] : [state];
  }
  const { timestamp } = record.view;
  return [
    { db: 'sent', key, value: packSent(record) },
    born('sent', timestamp, key),
    ...(queued
      ? [{ db: 'queued', key, value: pack(timestamp) } as const]
      : [leaves, { db: 'sentStates', key, value: null } as const]),
  ];
}

function idempotencyRows({ record }: Write<'idempotency'>): Row[] {
  const key = idempotencyKey(record.scope, record.key);
  return [...cold('idempotency', key, record), born('idempotency', record.at, key)];
}

/** The rows of one change, in the order in which they are to be written. */
export function rowsOf(write: StoreWrite): Row[] {
  switch (write.to) {
    case 'instanceConfig':
      return cold('configs', keyOf(write.id), write.value);
    case 'instanceStatus':
      return cold('statuses', keyOf(write.id), write.value);
    case 'globalWebhook':
      return cold('meta', globalWebhookKey, write.value);
    case 'setting':
      return cold('meta', settingKey(write.key), write.value ?? null);
    case 'creds':
      return raw('creds', keyOf(write.instance), write.value);
    case 'signal':
      return raw('signal', signalKey(write.instance, write.key), write.value);
    case 'devices':
      return raw('devices', signalKey(write.instance, write.key), write.value);
    case 'event':
      return eventRows(write);
    case 'dedupe':
      return dedupeRows(write);
    case 'delivered':
      return [{ db: 'pending', key: pendingKey(write.webhook, write.seq), value: null }];
    case 'pending':
      return pendingRows(write);
    case 'deadLetter':
      return deadLetterRows(write);
    case 'deadLetterGone':
      return [{ db: 'deadLetters', key: deadLetterKey(write.webhook, write.seq), value: null }];
    case 'sent':
      return sentRows(write);
    case 'idempotency':
      return idempotencyRows(write);
    default:
      return conversationRows(write);
  }
}

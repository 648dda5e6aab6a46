/**
 * Sent messages: the record as it was queued, and beside it, from its first change on, its state. A state changes
 * two or three times a message, the rest never: it is packed and written once.
 *
 *   sent[instance, id] → record      sentStates[instance, id] → state
 */
import type { MessageContent, WaitMode } from '../../protocol/message.ts';
import { checkPlain, pack, plainBytes, unpack } from '../codec.ts';
import type { SentRecord } from '../ports.ts';
import type { Environment, Row } from './databases.ts';
import { fromViewRow, type StateRow, toStateRow, toViewRow, type ViewRow } from './view-row.ts';

/** Position is meaning, so that a message costs few bytes. New members go to the end. */
type SentRow = readonly [
  instance: string,
  id: string,
  to: string,
  content: MessageContent,
  quote: string | null,
  wait: WaitMode,
  proto: Uint8Array | null,
  ...view: ViewRow,
];

export function packSent({ instance, id, to, content, quote, wait, proto, view }: SentRecord): Uint8Array {
  // What a caller wrote: the other members have types of their own.
  checkPlain(content, 'sent.content');
  const row: SentRow = [instance, id, to, content, quote, wait, proto, ...toViewRow(view)];
  return pack(row);
}

export const packSentState = ({ view }: SentRecord): Uint8Array => pack(toStateRow(view));

function fromRow(row: SentRow): SentRecord {
  const [instance, id, to, content, quote, wait, proto, ...shown] = row;
  const view = { id, instance, fromMe: true, ...fromViewRow(shown) };
  return { instance, id, to, content, quote, wait, proto, view };
}

/** Format 1 had an object. */
function readSent(value: Uint8Array): SentRecord {
  const found = unpack(value) as SentRow | SentRecord;
  return 'view' in found ? found : fromRow(found);
}

/** When it was queued: no state changes that. */
export const sentTimestamp = (value: Uint8Array): number => readSent(value).view.timestamp;

/** As it stands in the thread's snapshot; undefined where there is none. */
export function sentRecord({ db }: Environment, key: Uint8Array): SentRecord | undefined {
  const found = db.sent.get(key);
  if (!found) return undefined;
  const record = readSent(plainBytes(found));
  const state = db.sentStates.get(key);
  if (!state) return record;
  const [status, statusAt, error] = unpack(state) as StateRow;
  return { ...record, view: { ...record.view, status, statusAt, error } };
}

/** What goes with the record. */
export const sentGone = (key: Uint8Array): Row[] => [
  { db: 'sent', key, value: null },
  { db: 'sentStates', key, value: null },
];

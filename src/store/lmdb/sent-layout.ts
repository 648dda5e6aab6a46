/**
 * Sent messages: the record as it was queued, and beside it, from its first change on, its state. A state changes
 * two or three times a message, the rest never: it is packed and written once.
 *
 *   sent[instance, id] → record      sentStates[instance, id] → state
 */
import type {
  MediaView,
  MessageContent,
  MessageError,
  MessageStatus,
  MessageView,
  QuoteView,
  WaitMode,
} from '../../protocol/message.ts';
import { checkPlain, pack, plainBytes, unpack } from '../codec.ts';
import type { SentRecord } from '../ports.ts';
import type { Environment, Row } from './databases.ts';
import { fromPartyRow, type PartyRow, toPartyRow } from './party-row.ts';

/** Position is meaning, so that a message costs few bytes. New members go to the end. */
type SentRow = readonly [
  instance: string,
  id: string,
  to: string,
  content: MessageContent,
  quote: string | null,
  wait: WaitMode,
  proto: Uint8Array | null,
  chat: PartyRow,
  from: PartyRow,
  recipient: PartyRow,
  type: string,
  text: string | null,
  media: MediaView | null,
  quoted: QuoteView | null,
  timestamp: number,
  ...state: StateRow,
];
type StateRow = readonly [status: MessageStatus, statusAt: number, error: MessageError | null];

const stateRow = ({ status, statusAt, error }: MessageView): StateRow => [status, statusAt, error];

export function packSent({ instance, id, to, content, quote, wait, proto, view }: SentRecord): Uint8Array {
  // What a caller wrote: the other members have types of their own.
  checkPlain(content, 'sent.content');
  const row: SentRow = [
    instance,
    id,
    to,
    content,
    quote,
    wait,
    proto,
    toPartyRow(view.chat),
    toPartyRow(view.from),
    toPartyRow(view.to),
    view.type,
    view.text,
    view.media,
    view.quote,
    view.timestamp,
    ...stateRow(view),
  ];
  return pack(row);
}

export const packSentState = ({ view }: SentRecord): Uint8Array => pack(stateRow(view));

function fromRow(row: SentRow): SentRecord {
  const [instance, id, to, content, quote, wait, proto, chat, from, recipient, type, text, ...more] = row;
  const [media, quoted, timestamp, status, statusAt, error] = more;
  const parties = { chat: fromPartyRow(chat), from: fromPartyRow(from), to: fromPartyRow(recipient) };
  const shown = { type, text, media, quote: quoted, timestamp, status, statusAt, error };
  return {
    ...{ instance, id, to, content, quote, wait, proto },
    view: { id, instance, ...parties, fromMe: true, ...shown },
  };
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

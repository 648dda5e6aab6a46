/**
 * Where messages, chats and contacts are, and how their rows are encoded. Read by `rows.ts`, the reads, the
 * expiry and the erasure.
 *
 *   messages[instance, id, chat] → message row, or, of a sent message, its reference
 *   messagesByChat[instance, chat, second, order, id], messagesByTime[instance, second, order, id, chat] → type
 *   marks[instance, id, chat, kind, whose] → mark
 *   chats[instance, chat] → record      chatsByTime[instance, time, chat] → ''      contacts[instance, id]
 */
import { pack, plainBytes, unpack } from '../codec.ts';
import {
  type ChatRecord,
  type ContactRecord,
  type KeptMessage,
  type Mark,
  type MessagePlace,
  partyId,
} from '../conversation-ports.ts';
import { foreignPart, keyOf, readNumber, readText } from './keys.ts';
import { fromViewRow, toViewRow, type ViewRow, viewMembers } from './view-row.ts';

const numberBytes = 7;
export const secondOf = (ms: number): number => Math.max(0, Math.floor(ms / 1_000));

/** Ids and chats as key parts: bounded, whatever the peer chose. */
export interface Placed {
  readonly instance: string;
  readonly idPart: string;
  readonly chatPart: string;
  readonly second: number;
  readonly order: number;
}

export const placed = (
  instance: string,
  message: { readonly id: string; readonly chatId: string; readonly place: MessagePlace },
): Placed => ({
  instance,
  idPart: foreignPart(message.id),
  chatPart: foreignPart(message.chatId),
  second: secondOf(message.place.at),
  order: message.place.order,
});

export const messageKey = ({ instance, idPart, chatPart }: Placed): Buffer =>
  keyOf(instance, idPart, chatPart);
export const messagesOfId = (instance: string, id: string): Buffer => keyOf(instance, foreignPart(id));
export const byChatKey = (at: Placed): Buffer =>
  keyOf(at.instance, at.chatPart, at.second, at.order, at.idPart);
export const byTimeKey = (at: Placed): Buffer =>
  keyOf(at.instance, at.second, at.order, at.idPart, at.chatPart);
export const chatMessages = (instance: string, chatId: string): Buffer =>
  keyOf(instance, foreignPart(chatId));

/** A key of `messagesByTime`, whose instance part has `head` bytes. */
export function readByTime(key: Uint8Array, instance: string, head: number): Placed {
  const id = readText(key, head + 2 * numberBytes);
  const numbers = { second: readNumber(key, head), order: readNumber(key, head + numberBytes) };
  return { instance, ...numbers, idPart: id.text, chatPart: readText(key, id.next).text };
}

/** A key of `messagesByChat`, whose instance and chat parts have `head` bytes. */
export function readByChat(key: Uint8Array, instance: string, chatPart: string, head: number): Placed {
  const numbers = { second: readNumber(key, head), order: readNumber(key, head + numberBytes) };
  return { instance, chatPart, ...numbers, idPart: readText(key, head + 2 * numberBytes).text };
}

export const marksOf = ({ instance, idPart, chatPart }: Omit<Placed, 'second' | 'order'>): Buffer =>
  keyOf(instance, idPart, chatPart);

const whoseOf = (mark: Mark): string => ('from' in mark ? foreignPart(partyId(mark.from)) : '');

export const markKey = (instance: string, chatId: string, id: string, mark: Mark): Buffer =>
  keyOf(instance, foreignPart(id), foreignPart(chatId), mark.kind, whoseOf(mark));

export const chatKey = (instance: string, id: string): Buffer => keyOf(instance, foreignPart(id));
export const chatByTimeKey = (instance: string, at: number, id: string): Buffer =>
  keyOf(instance, Math.max(0, at), foreignPart(id));
export const contactKey = chatKey;

/** Format 1: position is meaning, so that a message costs few bytes. New members go to the end. */
type MessageRow = readonly [
  id: string,
  chatId: string,
  at: number,
  order: number,
  remoteJid: string,
  fromMe: boolean,
  participant: string | null,
  ...view: ViewRow,
  pushName: string | null,
  proto: Uint8Array,
];
/** Of a sent message: the rest is in its `sent` record. */
type ReferenceRow = readonly [id: string, chatId: string, at: number, order: number];

const referenceLength = 4;

export function packMessage({ view, key, place, chatId, pushName, proto }: KeptMessage): Uint8Array {
  const row: MessageRow = [
    view.id,
    chatId,
    place.at,
    place.order,
    key.remoteJid,
    key.fromMe,
    key.participant,
    ...toViewRow(view),
    pushName,
    proto,
  ];
  return pack(row);
}

export const packReference = (id: string, chatId: string, { at, order }: MessagePlace): Uint8Array =>
  pack([id, chatId, at, order] satisfies ReferenceRow);

export interface Reference {
  readonly id: string;
  readonly chatId: string;
  readonly place: MessagePlace;
}

export function readMessage(instance: string, value: Uint8Array): KeptMessage | Reference {
  const row = unpack(plainBytes(value)) as MessageRow | ReferenceRow;
  const [id, chatId, at, order] = row;
  const place = { at, order };
  if (row.length === referenceLength) return { id, chatId, place };
  const [, , , , remoteJid, fromMe, participant, ...shown] = row;
  const [pushName, proto] = shown.slice(viewMembers) as [string | null, Uint8Array];
  return {
    chatId,
    place,
    view: { id, instance, fromMe, ...fromViewRow(shown) },
    key: { remoteJid, fromMe, participant },
    pushName,
    proto,
  };
}

export const isReference = (found: KeptMessage | Reference): found is Reference => !('view' in found);

export const readMark = (value: Uint8Array): Mark => unpack(plainBytes(value)) as Mark;
export const readChat = (value: Uint8Array): ChatRecord => unpack(value) as ChatRecord;
export const readContact = (value: Uint8Array): ContactRecord => unpack(value) as ContactRecord;

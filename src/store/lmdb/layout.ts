/**
 * Where everything is: the key of each record and the value encodings that reads and writes share.
 *
 *   events[instance, seq] → event row      pending[webhook, seq] → [instance, chat, at]
 *   dedupe[instance, chat, sender, id] → seq      queued[instance, id] → time
 *   timeline[kind, born] + key of the record → ''      what `expire` walks; of events also the global order
 */

import { unpack } from '../codec.ts';
import type { DeadLetter, IdempotencyRecord, PendingEntry } from '../ports.ts';
import { foreignPart, keyOf, lastNumber, readNumber, readText, writeNumber } from './keys.ts';

export const eventKey = (instance: string, seq: number): Buffer => keyOf(instance, seq);
export const pendingKey = (webhook: string, seq: number): Buffer => keyOf(webhook, seq);
export const deadLetterKey = pendingKey;
export const signalKey = (instance: string, key: string): Buffer => keyOf(instance, key);
export const sentKey = (instance: string, id: string): Buffer => keyOf(instance, id);
export const globalWebhookKey = keyOf('globalWebhook');
export const settingKey = (key: string): Buffer => keyOf('setting', key);
export const erasingPrefix = keyOf('erasing');
export const erasingKey = (instance: string): Buffer => keyOf('erasing', instance);
export const erasingChatPrefix = keyOf('erasingChat');
export const erasingChatKey = (instance: string, chatId: string): Buffer =>
  keyOf('erasingChat', instance, foreignPart(chatId));

export const dedupeKey = (instance: string, chat: string, sender: string, id: string): Buffer =>
  keyOf(instance, foreignPart(chat), foreignPart(sender), foreignPart(id));

export const idempotencyKey = (scope: string, key: string): Buffer =>
  keyOf(foreignPart(scope), foreignPart(key));

/** Kinds of record that age. `event` and `dedupe` are born at a sequence, the others at a time in ms. */
export const agingKinds = ['event', 'dedupe', 'sent', 'idempotency', 'deadLetter'] as const;
export type AgingKind = (typeof agingKinds)[number];

const timelineHeadBytes = 8;

export function timelineKey(
  kind: AgingKind,
  born: number,
  recordKey: Uint8Array = new Uint8Array(0),
): Buffer {
  const key = Buffer.allocUnsafe(timelineHeadBytes + recordKey.length);
  writeNumber(key, born, key.writeUInt8(agingKinds.indexOf(kind)));
  key.set(recordKey, timelineHeadBytes);
  return key;
}

export function readTimelineKey(key: Uint8Array): { born: number; recordKey: Uint8Array } {
  return { born: readNumber(key, 1), recordKey: key.subarray(timelineHeadBytes) };
}

export type PendingRow = readonly [instance: string, chat: string | null, at: number];

export function readPending(key: Uint8Array, value: Uint8Array): PendingEntry {
  const [instance, chat, at] = unpack(value) as PendingRow;
  return { webhook: readText(key, 0).text, seq: lastNumber(key), instance, chat, at };
}

export const readDeadLetter = (value: Uint8Array): DeadLetter => unpack(value) as DeadLetter;
export const readIdempotency = (value: Uint8Array): IdempotencyRecord => unpack(value) as IdempotencyRecord;

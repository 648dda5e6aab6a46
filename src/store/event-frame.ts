/**
 * Ring records: the events of one flush as bytes. The shard encodes after the commit, the webhook actor
 * decodes. Positional, because both ends are always the same build. It must never be used for stored data.
 */
import type { EventFrame, EventRecord } from '../protocol/events.ts';
import { pack, plainBytes, unpackViews } from './codec.ts';

type FrameRow = readonly [...EventRow, webhooks: readonly string[]];
/** One event as an array; the order is also that of stored events (format 1). */
export type EventRow = readonly [
  seq: number,
  id: string,
  type: EventRecord['type'],
  instance: string,
  chat: string | null,
  at: number,
  body: Uint8Array,
];

export const toEventRow = (event: EventRecord): EventRow => [
  event.seq,
  event.id,
  event.type,
  event.instance,
  event.chat,
  event.at,
  event.body,
];

export function fromEventRow(row: EventRow | FrameRow): EventRecord {
  const [seq, id, type, instance, chat, at, body] = row;
  return { seq, id, type, instance, chat, at, body: plainBytes(body) };
}

/** A slice of a pool: push it into the ring (which copies) and let go of it. */
export function encodeEventFrame(frame: EventFrame): Uint8Array {
  const rows = frame.events.map(({ event, webhooks }) => [...toEventRow(event), webhooks]);
  return pack([frame.shard, frame.frame, rows]);
}

/** The bodies are views of the record, which a ring reader hands out as a private copy. */
export function decodeEventFrame(record: Uint8Array): EventFrame {
  const [shard, frame, rows] = unpackViews(record) as [number, number, FrameRow[]];
  return { shard, frame, events: rows.map((row) => ({ event: fromEventRow(row), webhooks: row[7] })) };
}

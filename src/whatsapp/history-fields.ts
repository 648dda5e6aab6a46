/**
 * The fields of an inflated history chunk as they arrive, one at a time: a chunk of any size takes no more memory
 * than its largest field, a chat. Pure; called by `history.ts` and `history-content.ts`. Malformed or oversized input
 * throws.
 */
import { historyFieldBytesMax } from './limits.ts';

export interface HistoryField {
  readonly field: number;
  /** Of a length-delimited field; empty otherwise. */
  readonly bytes: Uint8Array;
  /** With its tag, as it stood. */
  readonly raw: Uint8Array;
}

const none = new Uint8Array(0);
const varintBytesMax = 10;

/** A field, or how many bytes there must be at least before it can be read. */
type Read = { readonly found: HistoryField; readonly end: number } | { readonly wanted: number };

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Undefined: it goes on after the end. */
function varint(cursor: Cursor): number | undefined {
  let value = 0;
  for (let read = 0; read < varintBytesMax; read += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return value;
  }
  throw new Error('history: a number that does not end');
}

function lengthOf(wire: number, cursor: Cursor): number | undefined {
  if (wire === 2) return varint(cursor);
  if (wire === 1) return 8;
  if (wire === 5) return 4;
  throw new Error(`history: wire type ${wire}`);
}

function readField(bytes: Uint8Array, start: number): Read {
  const cursor = { bytes, at: start };
  const more = { wanted: bytes.length - start + 1 };
  const tag = varint(cursor);
  if (tag === undefined) return more;
  const field = Math.floor(tag / 8);
  const wire = tag % 8;
  if (wire === 0) {
    if (varint(cursor) === undefined) return more;
    return { found: { field, bytes: none, raw: bytes.subarray(start, cursor.at) }, end: cursor.at };
  }
  const length = lengthOf(wire, cursor);
  if (length === undefined) return more;
  if (length > historyFieldBytesMax) throw new Error(`history: a field of ${length} bytes`);
  const end = cursor.at + length;
  if (end > bytes.length) return { wanted: end - start };
  const content = wire === 2 ? bytes.subarray(cursor.at, end) : none;
  return { found: { field, bytes: content, raw: bytes.subarray(start, end) }, end };
}

/** Of bytes that are all there. */
export function* fieldsOf(bytes: Uint8Array): Generator<HistoryField> {
  for (let at = 0; at < bytes.length; ) {
    const read = readField(bytes, at);
    if ('wanted' in read) throw new Error('history: a field is cut off');
    yield read.found;
    at = read.end;
  }
}

/** Of bytes that come in parts. */
export async function* historyFields(parts: AsyncIterable<Uint8Array>): AsyncGenerator<HistoryField> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let wanted = 1;
  for await (const part of parts) {
    waiting.push(part);
    size += part.length;
    // Joined once a field can be whole, not once a part.
    if (size < wanted) continue;
    const bytes = waiting.length === 1 ? part : Buffer.concat(waiting);
    let at = 0;
    wanted = 1;
    while (at < bytes.length) {
      const read = readField(bytes, at);
      if ('wanted' in read) {
        wanted = read.wanted;
        break;
      }
      yield read.found;
      at = read.end;
    }
    waiting = [bytes.subarray(at)];
    size = bytes.length - at;
  }
  if (size > 0) throw new Error('history: the end is missing');
}

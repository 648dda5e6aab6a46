/**
 * Reads single fields of a protobuf message without a schema: the few that we need of Signal's own
 * records. Called by `session-record.ts`; malformed bytes end the walk, they never throw.
 */
export interface ProtobufField {
  readonly field: number;
  /** Of a varint field. */
  readonly number: number;
  /** Of a length-delimited field. */
  readonly bytes: Uint8Array | undefined;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readVarint(cursor: Cursor): number | undefined {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  return undefined;
}

const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function readField(cursor: Cursor): ProtobufField | undefined {
  const tag = readVarint(cursor);
  if (tag === undefined) return undefined;
  const field = Math.floor(tag / 8);
  const wire = tag % 8;
  if (wire === 0) {
    const number = readVarint(cursor);
    return number === undefined ? undefined : { field, number, bytes: undefined };
  }
  const length = wire === 2 ? readVarint(cursor) : fixedBytes[wire];
  if (length === undefined || cursor.at + length > cursor.bytes.length) return undefined;
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return { field, number: 0, bytes };
}

export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  const cursor = { bytes, at: 0 };
  for (let field = readField(cursor); field; field = readField(cursor)) yield field;
}

export function protobufBytes(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  for (const { field, bytes: value } of protobufFields(bytes)) if (field === wanted) return value;
  return undefined;
}

export function protobufNumber(bytes: Uint8Array, wanted: number): number | undefined {
  for (const { field, number, bytes: value } of protobufFields(bytes)) {
    if (field === wanted && value === undefined) return number;
  }
  return undefined;
}

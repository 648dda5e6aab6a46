/**
 * Frames to bytes and back: the only file of this room that knows msgpackr. One codec per end of a link.
 * What `pack` returns is a slice of a buffer shared by the whole thread, so `encode` always hands out an exact
 * private copy; transferring or posting the slice itself would truncate or leak other messages. Since it is
 * copied at once, the shared buffer is used again for the next frame (`RESET_BUFFER_MODE`).
 */
import { Packr, RESET_BUFFER_MODE } from 'msgpackr';
import { assert } from '../assert.ts';

/**
 * Predefined shapes: for a message kind (or any object with that `kind`) its keys in their usual order.
 * Both ends of a link get the same list. A message with other keys still crosses, with its keys spelled out.
 */
export type Shapes = Readonly<Record<string, readonly string[]>>;

/** All that one side says in one tick. Flat, because an array per message costs more than the message. */
export interface Frame {
  /** Counts the frames of one end from 0: they travel by two ports, and are taken in this order. */
  readonly sequence: number;
  /** id, deadlineMs (0 for a tell), message; again and again. */
  readonly letters: readonly unknown[];
  /** id, value; again and again. */
  readonly replies: readonly unknown[];
  /** id, failure; again and again. */
  readonly failures: readonly unknown[];
  /** Ids of tells that were run and asks that were dropped as late. */
  readonly finished: readonly number[];
}

export interface Codec {
  /** An exact private copy, whose buffer may be transferred. Throws when something in it is not data. */
  encode(frame: Frame): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array): Frame;
}

export function createCodec(shapes: Shapes = {}): Codec {
  const packr = createPackr(shapes);
  return {
    encode: ({ sequence, letters, replies, failures, finished }) =>
      new Uint8Array(packr.pack([sequence, letters, replies, failures, finished], RESET_BUFFER_MODE)),
    decode: (bytes) => toFrame(packr.unpack(bytes)),
  };
}

function toFrame(fields: unknown): Frame {
  assert(isFrameFields(fields), 'the other side of a link sent what is not a frame');
  const [sequence, letters, replies, failures, finished] = fields;
  return { sequence, letters, replies, failures, finished };
}

type FrameFields = [number, unknown[], unknown[], unknown[], number[]];

function isFrameFields(fields: unknown): fields is FrameFields {
  if (!Array.isArray(fields) || fields.length !== 5) return false;
  const [sequence, ...lists] = fields as unknown[];
  return typeof sequence === 'number' && lists.every(Array.isArray);
}

/** No shape is ever learned: with none of its own, msgpackr writes an unknown object as a plain map. */
function createPackr(shapes: Shapes): Packr {
  const structures = Object.values(shapes).map((keys) => [...keys]);
  const common = { mapsAsObjects: true, copyBuffers: true, moreTypes: true };
  if (structures.length === 0) return new Packr({ ...common, useRecords: false });
  const kinds = new Set(Object.keys(shapes));
  return new Packr({
    ...common,
    structures,
    maxSharedStructures: structures.length,
    maxOwnStructures: 0,
    useRecords: (value: { readonly kind?: unknown }) => kinds.has(value.kind as string),
  });
}

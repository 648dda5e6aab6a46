/**
 * What an MP4 says about itself: duration, picture size, codecs. Reads box headers and the small boxes below
 * `moov` only, wherever in the file it lies. Called by `prepare.ts`; decodes nothing and trusts no size.
 */
import { type FileHandle, open } from 'node:fs/promises';

export interface Mp4Facts {
  readonly seconds: number;
  readonly width: number | null;
  readonly height: number | null;
  /** Sample entry of each track: `avc1`, `hvc1`, `mp4a`, … */
  readonly codecs: readonly string[];
}

const movieBoxMaxBytes = 16 * 1_048_576;
const boxesMax = 4_096;
const headerBytes = 16;

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The box whose header is at `at`; null where there is none or its size cannot be. */
function boxAt(bytes: Buffer, at: number, base: number, end: number): Box | null {
  if (bytes.length - at < 8) return null;
  const short = bytes.readUInt32BE(at);
  const type = bytes.toString('latin1', at + 4, at + 8);
  const isLong = short === 1 && bytes.length - at >= headerBytes;
  const size = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? end - base : short;
  const header = isLong ? headerBytes : 8;
  if (size < header || base + size > end) return null;
  return { type, start: base + header, end: base + size };
}

function boxesIn(bytes: Buffer, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  let at = start;
  while (at < end && boxes.length < boxesMax) {
    const box = boxAt(bytes, at, at, end);
    if (!box) break;
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

function find(bytes: Buffer, start: number, end: number, path: readonly string[]): Box | null {
  const [type, ...rest] = path;
  const box = boxesIn(bytes, start, end).find((found) => found.type === type);
  if (!box) return null;
  return rest.length === 0 ? box : find(bytes, box.start, box.end, rest);
}

function durationOf(bytes: Buffer, box: Box): number {
  const isLong = bytes.readUInt8(box.start) === 1;
  const at = box.start + (isLong ? 20 : 12);
  const scale = bytes.readUInt32BE(at);
  const length = isLong ? Number(bytes.readBigUInt64BE(at + 4)) : bytes.readUInt32BE(at + 4);
  return scale === 0 ? 0 : length / scale;
}

/** Width and height of a track's header, turned where its matrix turns it. */
function sizeOf(bytes: Buffer, box: Box): { width: number; height: number } {
  const matrix = box.start + (bytes.readUInt8(box.start) === 1 ? 52 : 40);
  const isTurned = bytes.readInt32BE(matrix) === 0 && bytes.readInt32BE(matrix + 4) !== 0;
  const width = bytes.readUInt16BE(matrix + 36);
  const height = bytes.readUInt16BE(matrix + 40);
  return isTurned ? { width: height, height: width } : { width, height };
}

function codecOf(bytes: Buffer, track: Box): string | null {
  const described = find(bytes, track.start, track.end, ['mdia', 'minf', 'stbl', 'stsd']);
  return described ? bytes.toString('latin1', described.start + 12, described.start + 16) : null;
}

function factsOf(bytes: Buffer): Mp4Facts {
  const header = find(bytes, 0, bytes.length, ['mvhd']);
  const tracks = boxesIn(bytes, 0, bytes.length).filter(({ type }) => type === 'trak');
  const sizes = tracks
    .map((track) => find(bytes, track.start, track.end, ['tkhd']))
    .filter((box) => box !== null)
    .map((box) => sizeOf(bytes, box))
    .filter(({ width, height }) => width > 0 && height > 0);
  const [size] = sizes;
  return {
    seconds: header ? durationOf(bytes, header) : 0,
    width: size?.width ?? null,
    height: size?.height ?? null,
    codecs: tracks.map((track) => codecOf(bytes, track)).filter((codec) => codec !== null),
  };
}

async function piece(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

async function movieOf(file: FileHandle): Promise<Buffer | null> {
  const { size } = await file.stat();
  let at = 0;
  for (let boxes = 0; boxes < boxesMax && at < size; boxes += 1) {
    const box = boxAt(await piece(file, at, headerBytes), 0, at, size);
    if (!box || (at === 0 && box.type !== 'ftyp')) return null;
    if (box.type === 'moov') {
      const length = box.end - box.start;
      return length > movieBoxMaxBytes ? null : piece(file, box.start, length);
    }
    at = box.end;
  }
  return null;
}

/** Null where the file is no MP4 that can be played from its beginning to its end. */
export async function readMp4(path: string): Promise<Mp4Facts | null> {
  const file = await open(path);
  try {
    const movie = await movieOf(file);
    return movie && factsOf(movie);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Makes an upload into what WhatsApp takes for its kind: checked, converted, measured, with a thumbnail, then
 * encrypted into the outgoing spool. Runs in the media pool; leaves no file of its own behind but the result.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { MediaKind, MediaOrder, PreparedMedia } from '../protocol/media.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { readMp4 } from './mp4.ts';
import { readPicture, thumbnailOf, toJpeg } from './picture.ts';
import { seal } from './seal.ts';
import { outgoingDir, outgoingFile } from './spool.ts';
import { isSticker, makeSticker } from './sticker.ts';
import { makeVoice, readAudio } from './voice.ts';

export interface PrepareOrder extends MediaOrder {
  /** Where the upload lies. */
  readonly path: string;
  readonly dataDir: string;
  readonly ffmpeg: string;
}

/** What a kind is sent as: the file, and what is said about it. */
interface Made {
  readonly path: string;
  readonly mimetype: string;
  readonly seconds?: number | null;
  readonly width?: number | null;
  readonly height?: number | null;
  readonly waveform?: Uint8Array | null;
  readonly thumbnail?: Uint8Array | null;
  readonly isAnimated?: boolean;
}

const refused = (kind: MediaKind, takes: string): AppError =>
  new AppError(
    'conversion_failed',
    `${kind} takes ${takes}; the file is something else. Send it as a document`,
  );

const declared = ({ mimetype, upload }: PrepareOrder, fallback: string): string =>
  mimetype ?? upload.mimetype ?? fallback;

async function makeImage(order: PrepareOrder, scratch: string): Promise<Made> {
  const facts = await readPicture(order.path);
  if (!facts) throw refused('image', 'JPEG, PNG, WebP, GIF, TIFF or AVIF');
  const { width, height, format } = facts;
  const thumbnail = await thumbnailOf(order.path);
  if (format === 'jpeg' || format === 'png')
    return { path: order.path, mimetype: `image/${format}`, width, height, thumbnail };
  await toJpeg(order.path, scratch);
  return { path: scratch, mimetype: 'image/jpeg', width, height, thumbnail };
}

/** The first picture of a video, small; null where ffmpeg is missing or finds none. */
async function videoThumbnail({ ffmpeg, path }: PrepareOrder, scratch: string): Promise<Uint8Array | null> {
  const frame = `${scratch}.jpg`;
  try {
    const one = ['-frames:v', '1', '-vf', 'scale=w=192:h=-2', '-f', 'image2', '-update', '1', '-y'];
    await runFfmpeg(ffmpeg, path, [...one, `file:${frame}`]);
    return await thumbnailOf(frame);
  } catch {
    return null;
  } finally {
    await rm(frame, { force: true });
  }
}

async function makeVideo(order: PrepareOrder, scratch: string): Promise<Made> {
  const facts = await readMp4(order.path);
  if (!facts || facts.width === null) throw refused(order.kind, 'an MP4 (H.264, AAC)');
  const { width, height, seconds } = facts;
  const thumbnail = await videoThumbnail(order, scratch);
  return { path: order.path, mimetype: 'video/mp4', width, height, seconds: Math.round(seconds), thumbnail };
}

async function makeAudio(order: PrepareOrder): Promise<Made> {
  const facts = await readAudio(order.path);
  if (!facts) throw refused('audio', 'MP3, M4A, AAC, OGG, FLAC or WAV');
  const types: Readonly<Record<string, string>> = {
    ...{ MPEG: 'audio/mpeg', Ogg: 'audio/ogg; codecs=opus', FLAC: 'audio/flac', WAVE: 'audio/wav' },
    ...{ 'ADTS/MPEG-4': 'audio/aac', 'ADTS/MPEG-2': 'audio/aac' },
  };
  const found = types[facts.container] ?? (facts.container.startsWith('M4A') ? 'audio/mp4' : 'audio/mpeg');
  return { path: order.path, mimetype: declared(order, found), seconds: rounded(facts.seconds) };
}

/** Whole seconds, as WhatsApp has them; a short sound has one. */
const rounded = (seconds: number | null): number | null =>
  seconds === null ? null : Math.max(1, Math.round(seconds));

async function makeVoiceNote(order: PrepareOrder, scratch: string): Promise<Made> {
  const note = await makeVoice(order.ffmpeg, order.path, scratch);
  const path = note.isOriginal ? order.path : scratch;
  const { waveform } = note;
  return { path, mimetype: 'audio/ogg; codecs=opus', seconds: rounded(note.seconds), waveform };
}

async function makeStickerFile(order: PrepareOrder, scratch: string): Promise<Made> {
  const as = { mimetype: 'image/webp', width: 512, height: 512 };
  const ready = await isSticker(order.path, order.upload.sizeBytes);
  if (ready) return { path: order.path, ...as, ...ready };
  return { path: scratch, ...as, ...(await makeSticker(order.ffmpeg, order.path, scratch)) };
}

async function makeDocument(order: PrepareOrder): Promise<Made> {
  return { path: order.path, mimetype: declared(order, 'application/octet-stream') };
}

const makers: Readonly<Record<MediaKind, (order: PrepareOrder, scratch: string) => Promise<Made>>> = {
  image: makeImage,
  video: makeVideo,
  video_note: makeVideo,
  document: makeDocument,
  audio: makeAudio,
  voice: makeVoiceNote,
  sticker: makeStickerFile,
};

function prepared(
  order: PrepareOrder,
  made: Made,
): Omit<PreparedMedia, keyof Awaited<ReturnType<typeof seal>>> {
  return {
    file: outgoingFile(order.instance, order.messageId),
    mimetype: made.mimetype,
    filename: order.filename ?? order.upload.filename,
    seconds: made.seconds ?? null,
    width: made.width ?? null,
    height: made.height ?? null,
    waveform: made.waveform ?? null,
    thumbnail: made.thumbnail ?? null,
    isAnimated: made.isAnimated ?? false,
  };
}

/** Rejects `conversion_failed` with what the kind takes. */
export async function prepareMedia(order: PrepareOrder): Promise<PreparedMedia> {
  const scratch = `${order.path}.made`;
  try {
    if (order.upload.sizeBytes === 0) throw new AppError('conversion_failed', 'the file is empty');
    const made = await makers[order.kind](order, scratch);
    const about = prepared(order, made);
    const to = join(outgoingDir(order.dataDir), about.file);
    return { ...about, ...(await seal(order.kind, made.path, to, order.isEncrypted)) };
  } finally {
    await rm(scratch, { force: true });
  }
}

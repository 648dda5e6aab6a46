/**
 * Any picture, animation or short video as a sticker: WebP of 512 × 512, transparent around the picture. Still
 * and animated pictures by sharp, videos by ffmpeg. Runs in the media pool.
 */
import { rm, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { AppError } from '../errors.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { stickerAnimatedWantedBytes, stickerMaxBytes, stickerPixels, stickerSecondsMax } from './limits.ts';
import { openPicture, readPicture } from './picture.ts';

const transparent = { r: 0, g: 0, b: 0, alpha: 0 };
/** Tried in turn until the sticker is small enough. */
const qualities = [80, 60, 40, 20];
const frameRates = [15, 12, 10, 8];

async function fromPicture(from: string, to: string, animated: boolean, quality: number): Promise<void> {
  const box = { width: stickerPixels, height: stickerPixels };
  const picture = openPicture(from, animated);
  await (animated ? picture : picture.rotate())
    .resize({ ...box, fit: 'contain', background: transparent })
    .webp({ quality, effort: 4, ...(animated ? { loop: 0, mixed: true } : {}) })
    .toFile(to);
}

function fromVideo(ffmpeg: string, from: string, to: string, step: number): Promise<void> {
  const size = `${stickerPixels}:${stickerPixels}`;
  const filters = [
    `fps=${frameRates[step]}`,
    `scale=${size}:force_original_aspect_ratio=decrease`,
    'format=rgba',
    `pad=${size}:(ow-iw)/2:(oh-ih)/2:color=0x00000000`,
  ];
  const coded = [
    '-c:v',
    'libwebp_anim',
    '-quality',
    String(qualities[step]),
    '-loop',
    '0',
    '-an',
    '-f',
    'webp',
  ];
  return runFfmpeg(ffmpeg, from, [
    ...['-t', String(stickerSecondsMax), '-vf', filters.join(','), ...coded],
    ...['-y', `file:${to}`],
  ]);
}

/** Writes the sticker to `to`; `conversion_failed` where the file is neither picture nor video. */
export async function makeSticker(
  ffmpeg: string,
  from: string,
  to: string,
): Promise<{ isAnimated: boolean }> {
  const picture = await readPicture(from);
  const isAnimated = picture === null || picture.pages > 1;
  const wantedBytes = isAnimated ? stickerAnimatedWantedBytes : stickerMaxBytes;
  for (const [step, quality] of qualities.entries()) {
    if (picture) await fromPicture(from, to, isAnimated, quality).catch(unreadable);
    else await fromVideo(ffmpeg, from, to, step);
    if ((await stat(to)).size <= wantedBytes) return { isAnimated };
  }
  const { size } = await stat(to);
  if (size <= stickerMaxBytes) return { isAnimated };
  await rm(to, { force: true });
  throw new AppError('conversion_failed', `the sticker would have ${size} bytes, above ${stickerMaxBytes}`);
}

function unreadable(error: unknown): never {
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
  throw new AppError('conversion_failed', `the picture cannot be made into a sticker: ${why}`);
}

/** Whether the file is a sticker as it is: WebP of the right size. */
export async function isSticker(path: string, sizeBytes: number): Promise<{ isAnimated: boolean } | null> {
  const facts = await readPicture(path);
  if (facts?.format !== 'webp' || sizeBytes > stickerAnimatedWantedBytes) return null;
  if (facts.width !== stickerPixels || facts.height !== stickerPixels) return null;
  const { pages = 1 } = await sharp(path).metadata();
  return { isAnimated: pages > 1 };
}

/**
 * Pictures by sharp, in the media pool: what a file is, small JPEGs of it, and what WhatsApp cannot show made
 * into JPEG. Only raster formats: an SVG could name other files. One thread and no cache: the pool is parallel.
 */
import sharp, { type Sharp } from 'sharp';
import { AppError } from '../errors.ts';
import {
  convertedPictureQuality,
  picturePixelsMax,
  profilePicturePixels,
  profilePictureQuality,
  thumbnailMaxPixels,
  thumbnailQuality,
} from './limits.ts';

sharp.concurrency(1);
sharp.cache(false);

export const pictureFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

export interface PictureFacts {
  readonly format: PictureFormat;
  /** As shown: turned where its EXIF turns it. */
  readonly width: number;
  readonly height: number;
  readonly pages: number;
}

export const openPicture = (path: string, animated = false): Sharp =>
  sharp(path, { limitInputPixels: picturePixelsMax, sequentialRead: true, failOn: 'error', animated });

/** Null where the file is no picture that can be worked with. */
export async function readPicture(path: string): Promise<PictureFacts | null> {
  try {
    const {
      format,
      width,
      height,
      pages = 1,
      pageHeight,
      orientation = 1,
    } = await openPicture(path).metadata();
    const known = pictureFormats.find((name) => name === format);
    if (!known) return null;
    const shown = pageHeight ?? height;
    const isTurned = orientation >= 5;
    return { format: known, width: isTurned ? shown : width, height: isTurned ? width : shown, pages };
  } catch {
    return null;
  }
}

const failed = (error: unknown): AppError =>
  new AppError(
    'conversion_failed',
    `the picture cannot be read: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
  );

export async function thumbnailOf(path: string): Promise<Uint8Array> {
  try {
    return await openPicture(path)
      .rotate()
      .resize(thumbnailMaxPixels, thumbnailMaxPixels, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: thumbnailQuality })
      .toBuffer();
  } catch (error) {
    throw failed(error);
  }
}

export async function toJpeg(path: string, to: string): Promise<void> {
  try {
    await openPicture(path)
      .rotate()
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: convertedPictureQuality })
      .toFile(to);
  } catch (error) {
    throw failed(error);
  }
}

/** A square JPEG of the middle of any picture: what WhatsApp takes as the picture of a profile or a group. */
export async function profilePictureOf(path: string): Promise<Uint8Array> {
  if (!(await readPicture(path)))
    throw new AppError(
      'conversion_failed',
      'a picture is JPEG, PNG, WebP, GIF, TIFF or AVIF; the file is not',
    );
  try {
    return await openPicture(path)
      .rotate()
      .resize(profilePicturePixels, profilePicturePixels, { fit: 'cover' })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: profilePictureQuality })
      .toBuffer();
  } catch (error) {
    throw failed(error);
  }
}

/**
 * The one file of a request: the part of a multipart body, base64 in JSON, or fetched from a URL. Used by the
 * routes that take files; what was fetched or decoded here is removed when the work with it is over.
 */
import type { MediaIntake, Upload } from '../protocol/media.ts';
import { invalid } from './problem.ts';

/** What a body says of its file; absent beside a multipart file. */
export type MediaSource = { readonly url: string } | { readonly base64: string } | undefined;

export interface UploadPlace {
  readonly intake: MediaIntake;
  /** The file that came with the request. */
  readonly upload: Upload | null;
}

/** A second file is a mistake that must not pass in silence. */
async function uploadOf(media: MediaSource, { intake, upload }: UploadPlace): Promise<Upload> {
  const base64 = media && 'base64' in media ? media.base64 : undefined;
  if (upload) {
    if (media === undefined || base64 === '') return upload;
    throw invalid([{ path: 'media', message: 'a request has one file: the part "file", or media' }]);
  }
  if (media && 'url' in media) return intake.fetch(media.url);
  if (base64) return intake.decode(base64);
  const message = 'is required: { url }, { base64 }, or multipart with a part "file"';
  throw invalid([{ path: 'media', message }]);
}

/** Rejects `validation_failed`, `body_too_large`, and with what the work rejects with. */
export async function withUpload<T>(
  media: MediaSource,
  place: UploadPlace,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  const upload = await uploadOf(media, place);
  try {
    return await work(upload);
  } finally {
    if (upload !== place.upload) await place.intake.release(upload);
  }
}

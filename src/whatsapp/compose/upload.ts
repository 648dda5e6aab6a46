/**
 * Uploads a prepared file to WhatsApp's media hosts, streamed from the outgoing spool by Baileys, which tries one
 * host after the other. A few tries with pauses; a message whose file is gone or that no host takes is refused for
 * good, one whose socket ended meanwhile stays queued.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { movedUnseen } from '../../media/garbage.ts';
import { outgoingDir } from '../../media/spool.ts';
import type { MediaKind, PreparedMedia } from '../../protocol/media.ts';
import { uploadIdleTimeoutMs, uploadLookPeriodMs, uploadPausesMs } from '../limits.ts';
import { socketEnded } from '../refusals.ts';
import type { ComposeContext } from './compose-context.ts';

export interface Uploaded {
  readonly url: string;
  readonly directPath: string;
}

type UploadType = 'image' | 'video' | 'audio' | 'document' | 'sticker';

const uploadTypes: Readonly<Record<MediaKind, UploadType>> = {
  image: 'image',
  video: 'video',
  video_note: 'video',
  audio: 'audio',
  voice: 'audio',
  document: 'document',
  sticker: 'sticker',
};

/** One try; null where no host took it. */
async function attempt(
  kind: MediaKind,
  path: string,
  media: PreparedMedia,
  { sock, clock }: ComposeContext,
): Promise<Uploaded | null> {
  const looking = clock.every(uploadLookPeriodMs, movedUnseen);
  try {
    const { mediaUrl, directPath } = await sock.waUploadToServer(path, {
      mediaType: uploadTypes[kind],
      fileEncSha256B64: Buffer.from(media.fileEncSha256).toString('base64'),
      timeoutMs: uploadIdleTimeoutMs,
    });
    return { url: mediaUrl, directPath };
  } catch {
    return null;
  } finally {
    looking.cancel();
  }
}

export async function upload(
  kind: MediaKind,
  media: PreparedMedia,
  context: ComposeContext,
): Promise<Uploaded> {
  const path = join(outgoingDir(context.dataDir), media.file);
  const found = await stat(path).catch(() => null);
  if (!found)
    throw new AppError('not_found', 'the file of this message is not in the outgoing spool any more');
  await context.uploads.enter();
  try {
    for (const pauseMs of uploadPausesMs) {
      if (context.hasEnded()) throw socketEnded();
      const uploaded = await attempt(kind, path, media, context);
      if (uploaded) return uploaded;
      await pause(context.clock, pauseMs);
    }
  } finally {
    context.uploads.leave();
  }
  if (context.hasEnded()) throw socketEnded();
  throw new AppError('whatsapp_rejected', "None of WhatsApp's media hosts took the file.", {
    extra: { whatsappCode: null },
  });
}

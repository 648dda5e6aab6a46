/** Messages with a file: uploaded first, so that what is stored and resent names where it lies. */
import { proto } from '@whiskeysockets/baileys';
import type { MediaKind, PreparedMedia } from '../../protocol/media.ts';
import type { MediaContent } from '../../protocol/message.ts';
import type { ComposeContext } from './compose-context.ts';
import { mentioning } from './mentions.ts';
import { type Uploaded, upload } from './upload.ts';

type Part = proto.Message.IImageMessage & proto.Message.IVideoMessage & proto.Message.IAudioMessage;

/** What every kind says of its file; members that are null are left out. */
function filePart(media: PreparedMedia, { url, directPath }: Uploaded, nowMs: number): Part {
  const { mediaKey, seconds, width, height, thumbnail, waveform } = media;
  return {
    url,
    directPath,
    mimetype: media.mimetype,
    fileSha256: media.fileSha256,
    fileLength: media.sizeBytes,
    ...(mediaKey
      ? { mediaKey, fileEncSha256: media.fileEncSha256, mediaKeyTimestamp: Math.floor(nowMs / 1_000) }
      : {}),
    ...(seconds === null ? {} : { seconds }),
    ...(width === null || height === null ? {} : { width, height }),
    ...(thumbnail ? { jpegThumbnail: thumbnail } : {}),
    ...(waveform ? { waveform } : {}),
  };
}

const extensionOf = (mimetype: string): string => /^[\w.-]+\/([\w-]+)/.exec(mimetype)?.[1] ?? 'bin';

function documentOf(part: Part, { filename, mimetype }: PreparedMedia): proto.IMessage {
  const fileName = filename ?? `file.${extensionOf(mimetype)}`;
  const documentMessage = { ...part, fileName, title: fileName };
  // WhatsApp's apps show a caption under a document only in this wrapper.
  return part.caption
    ? { documentWithCaptionMessage: { message: { documentMessage } } }
    : { documentMessage };
}

const shapes: Readonly<
  Record<MediaKind, (part: Part, media: PreparedMedia, nowMs: number) => proto.IMessage>
> = {
  image: (part) => ({ imageMessage: part }),
  video: (part) => ({ videoMessage: part }),
  video_note: (part) => ({ ptvMessage: part }),
  audio: (part) => ({ audioMessage: { ...part, ptt: false } }),
  voice: (part) => ({ audioMessage: { ...part, ptt: true } }),
  document: documentOf,
  sticker: (part, { isAnimated }, stickerSentTs) => ({
    stickerMessage: { ...part, isAnimated, stickerSentTs },
  }),
};

function once(message: proto.IMessage): proto.IMessage {
  for (const part of Object.values(message)) if (part && typeof part === 'object') part.viewOnce = true;
  return message.audioMessage
    ? { viewOnceMessageV2Extension: { message } }
    : { viewOnceMessageV2: { message } };
}

export async function composeMedia(content: MediaContent, context: ComposeContext): Promise<proto.IMessage> {
  const { type, media, viewOnce } = content;
  const { text: caption, ...mentioned } = await mentioning(content.caption, content.mentions, context);
  const nowMs = context.clock.now();
  const part: Part = {
    ...filePart(media, await upload(type, media, context), nowMs),
    ...(caption === null ? {} : { caption }),
    ...mentioned,
  };
  const message = shapes[type](part, media, nowMs);
  return viewOnce ? once(message) : proto.Message.create(message);
}

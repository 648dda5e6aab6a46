/** Where a message carries its file, below its wrappers. Used by contacts, phones and the faults. */
import type { proto } from '../wire/proto.ts';

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

export interface MediaPart {
  readonly kind: MediaKind;
  readonly directPath?: string | null;
  readonly mediaKey?: Uint8Array | null;
  readonly fileSha256?: Uint8Array | null;
}

/** Below its wrappers: a copy of an own message, view once, a document with a caption. */
function shown(message: proto.IMessage): proto.IMessage {
  const inner =
    message.deviceSentMessage ??
    message.viewOnceMessage ??
    message.viewOnceMessageV2 ??
    message.viewOnceMessageV2Extension ??
    message.documentWithCaptionMessage;
  return inner?.message ? shown(inner.message) : message;
}

/** Null where the message has no file. */
export function mediaPartOf(message: proto.IMessage): MediaPart | null {
  const content = shown(message);
  if (content.imageMessage) return { kind: 'image', ...content.imageMessage };
  if (content.videoMessage) return { kind: 'video', ...content.videoMessage };
  if (content.ptvMessage) return { kind: 'video', ...content.ptvMessage };
  if (content.audioMessage) return { kind: 'audio', ...content.audioMessage };
  if (content.documentMessage) return { kind: 'document', ...content.documentMessage };
  return content.stickerMessage ? { kind: 'sticker', ...content.stickerMessage } : null;
}

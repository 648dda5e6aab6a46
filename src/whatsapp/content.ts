/**
 * What a WhatsApp message contains, as the API shows it: type, text, media and quote. Pure; called by
 * `inbound.ts`. A kind that we don't know is `unsupported`, never an error.
 */
import {
  getContentType,
  jidNormalizedUser,
  normalizeMessageContent,
  type proto,
} from '@whiskeysockets/baileys';
import type { MediaView, QuoteView } from '../protocol/message.ts';
import { partyOf } from './addresses.ts';

type Content = proto.IMessage;
type MediaPart = {
  mimetype?: string | null;
  fileLength?: unknown;
  fileSha256?: Uint8Array | null;
  fileName?: string | null;
  seconds?: number | null;
  width?: number | null;
  height?: number | null;
};

const typeNames: Partial<Record<keyof Content, string>> = {
  conversation: 'text',
  extendedTextMessage: 'text',
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video_note',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
  locationMessage: 'location',
  liveLocationMessage: 'location',
  contactMessage: 'contact',
  contactsArrayMessage: 'contact',
  pollCreationMessage: 'poll',
  pollCreationMessageV2: 'poll',
  pollCreationMessageV3: 'poll',
  eventMessage: 'event',
};

/** Parts that carry no message of their own: keys, protocol, and changes of other messages. */
const silentParts: readonly (keyof Content)[] = [
  'senderKeyDistributionMessage',
  'messageContextInfo',
  'protocolMessage',
  'pollUpdateMessage',
  'encReactionMessage',
  'keepInChatMessage',
  'pinInChatMessage',
  'reactionMessage',
];

/** The content without its wrappers (ephemeral, view once, …), or undefined where nothing is to be told. */
export function visibleContent(message: Content | null | undefined): Content | undefined {
  const content = normalizeMessageContent(message);
  if (!content) return undefined;
  const isVisible = (Object.keys(content) as (keyof Content)[]).some(
    (part) => content[part] !== null && content[part] !== undefined && !silentParts.includes(part),
  );
  return isVisible ? content : undefined;
}

export function typeOf(content: Content): string {
  const part = getContentType(content);
  if (part === 'audioMessage' && content.audioMessage?.ptt) return 'voice';
  return (part && typeNames[part]) ?? 'unsupported';
}

export function textOf(content: Content): string | null {
  return (
    content.conversation ||
    content.extendedTextMessage?.text ||
    content.imageMessage?.caption ||
    content.videoMessage?.caption ||
    content.documentMessage?.caption ||
    content.pollCreationMessage?.name ||
    content.pollCreationMessageV3?.name ||
    null
  );
}

const mediaPart = (content: Content): MediaPart | undefined | null =>
  content.imageMessage ??
  content.videoMessage ??
  content.ptvMessage ??
  content.audioMessage ??
  content.documentMessage ??
  content.stickerMessage;

/** Protobuf longs come as number, Long or text. */
function numeric(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(String(value));
  return Number.isFinite(number) ? number : null;
}

export function mediaOf(content: Content): MediaView | null {
  const part = mediaPart(content);
  if (!part) return null;
  return {
    mimetype: part.mimetype ?? 'application/octet-stream',
    size: numeric(part.fileLength),
    sha256: part.fileSha256 ? Buffer.from(part.fileSha256).toString('hex') : null,
    filename: part.fileName ?? null,
    seconds: numeric(part.seconds),
    width: numeric(part.width),
    height: numeric(part.height),
  };
}

function contextOf(content: Content): proto.IContextInfo | undefined {
  for (const part of Object.values(content)) {
    if (part !== null && typeof part === 'object' && 'contextInfo' in part) {
      return (part as { contextInfo?: proto.IContextInfo | null }).contextInfo ?? undefined;
    }
  }
  return undefined;
}

/** The quoted message. */
export function quoteOf(content: Content): QuoteView | null {
  const context = contextOf(content);
  if (!context?.stanzaId) return null;
  const quoted = visibleContent(context.quotedMessage);
  return {
    id: context.stanzaId,
    from: context.participant ? partyOf(jidNormalizedUser(context.participant)) : null,
    type: quoted ? typeOf(quoted) : 'unsupported',
    text: quoted ? textOf(quoted) : null,
  };
}

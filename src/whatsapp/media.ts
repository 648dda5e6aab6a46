/**
 * The files of messages, sent and received: found in the store, downloaded, and asked of the phone again where
 * WhatsApp has them no more. The caller decrypts, away from the sockets.
 */
import { normalizeMessageContent, proto, type WAMessageKey } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import { type KeptMedia, type KeptRef, keptFile, keptRefOf } from '../media/kept.ts';
import type {
  FetchedMedia,
  FetchMediaInput,
  MediaActions,
  MediaKind,
  MediaPlace,
} from '../protocol/media.ts';
import type { KeptMessage } from '../store/conversation-ports.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { download, mediaHostOf, statusAt } from './download.ts';
import { fileBytesMax } from './limits.ts';
import { askPhone } from './media-retry.ts';
import { waKeyOf } from './unread.ts';

interface Part {
  readonly url?: string | null;
  readonly directPath?: string | null;
  readonly mediaKey?: Uint8Array | null;
  readonly fileSha256?: Uint8Array | null;
  readonly fileLength?: unknown;
  readonly mimetype?: string | null;
  readonly fileName?: string | null;
}

interface Found {
  readonly key: WAMessageKey;
  readonly message: proto.IMessage;
  /** null: it was sent from here, and is not kept. */
  readonly ref: KeptRef | null;
}

/** Statuses of the host that say that the file is gone. */
const goneStatuses: readonly number[] = [403, 404, 410];

const notFound = (messageId: string): AppError =>
  new AppError('not_found', `there is no message "${messageId}" whose content is kept`);

/** The message of this id, of the chat where one is named. */
async function find(messageId: string, chat: string | null, context: ActionContext): Promise<Found> {
  const { store, instance } = context;
  const jid = chat === null ? null : await context.resolve(chat);
  const party = jid === null ? null : await context.party(jid);
  const isThere = (at: { jid: string; pn: string | null; lid: string | null }): boolean =>
    party === null ||
    [at.jid, at.pn, at.lid].some((one) => one !== null && [party.jid, party.pn, party.lid].includes(one));
  const sent = await store.messages.sent(instance, messageId);
  if (sent?.proto && isThere(sent.view.chat)) {
    return {
      key: { id: messageId, remoteJid: sent.to, fromMe: true },
      message: proto.Message.decode(sent.proto),
      ref: null,
    };
  }
  const kept = (await store.conversations.messagesOf(instance, messageId)).filter(({ view }) =>
    isThere(view.chat),
  );
  if (kept.length > 1)
    throw new AppError(
      'ambiguous_message',
      `${kept.length} messages have the id "${messageId}": name the chat`,
    );
  const [only] = kept;
  if (!only) throw notFound(messageId);
  return { key: waKeyOf(only), message: proto.Message.decode(only.proto), ref: keptRefOf(only) };
}

function partOf(message: proto.IMessage): { kind: MediaKind; part: Part } | null {
  const content = normalizeMessageContent(message);
  if (!content) return null;
  const { imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage, stickerMessage } = content;
  if (imageMessage) return { kind: 'image', part: imageMessage };
  if (videoMessage) return { kind: 'video', part: videoMessage };
  if (ptvMessage) return { kind: 'video_note', part: ptvMessage };
  if (audioMessage) return { kind: audioMessage.ptt ? 'voice' : 'audio', part: audioMessage };
  if (documentMessage) return { kind: 'document', part: documentMessage };
  return stickerMessage ? { kind: 'sticker', part: stickerMessage } : null;
}

async function hostOf({ url }: Part, { sock }: ActionContext): Promise<string> {
  const { hosts } = await sock.refreshMediaConn(false);
  return mediaHostOf(
    url,
    hosts.map(({ hostname }) => hostname),
  );
}

/** From where the file lies: as the message says, or where the phone put it since. */
async function attempt(part: Part, directPath: string, context: ActionContext): ReturnType<typeof download> {
  const { dataDir, proxyUrl } = context;
  const host = await hostOf(part, context);
  if (!directPath.startsWith('/')) return { status: 404 };
  return download({ host, directPath, dataDir, proxyUrl, maxBytes: fileBytesMax });
}

const freshName = ({ remoteJid, id }: WAMessageKey): string => `${remoteJid ?? ''} ${id ?? ''}`;

/** The phone uploads the file again; where is remembered. */
async function uploadedAgain({ key }: Found, mediaKey: Uint8Array, context: ActionContext): Promise<string> {
  const directPath = await askPhone(key, mediaKey, context);
  context.freshPaths.set(freshName(key), directPath);
  return directPath;
}

/** Where WhatsApp has the file no more, the phone is asked to upload it again. */
async function fetchFile(found: Found, part: Part, context: ActionContext): Promise<string> {
  const known = context.freshPaths.get(freshName(found.key));
  let result = await attempt(part, known ?? part.directPath ?? '', context);
  if ('status' in result && goneStatuses.includes(result.status) && part.mediaKey)
    result = await attempt(part, await uploadedAgain(found, part.mediaKey, context), context);
  if ('id' in result) return result.id;
  throw new AppError('not_found', `WhatsApp's media host answered ${result.status} for this file`);
}

async function locateMedia(
  { messageId, chat }: { messageId: string; chat: string | null },
  context: ActionContext,
): Promise<string | null> {
  const found = await find(messageId, chat, context);
  const { part } = partOf(found.message) ?? {};
  const known = context.freshPaths.get(freshName(found.key)) ?? null;
  const directPath = known ?? part?.directPath;
  if (!part?.mediaKey || !directPath?.startsWith('/')) return null;
  const host = await hostOf(part, context);
  const status = await statusAt({ host, directPath, proxyUrl: context.proxyUrl });
  const isGone = status !== null && goneStatuses.includes(status);
  return isGone ? uploadedAgain(found, part.mediaKey, context) : known;
}

const described = (kind: MediaKind, part: Part, place: MediaPlace): FetchedMedia => ({
  place,
  kind,
  mimetype: part.mimetype ?? 'application/octet-stream',
  filename: part.fileName ?? null,
  mediaKey: part.mediaKey ?? null,
  fileSha256: part.fileSha256 ?? null,
});

async function fetchMedia(
  { messageId, chat, isFresh }: FetchMediaInput,
  context: ActionContext,
): Promise<FetchedMedia> {
  const found = await find(messageId, chat, context);
  const media = partOf(found.message);
  if (!media) throw new AppError('not_found', `the message "${messageId}" has no file`);
  const { kind, part } = media;
  const { kept } = context;
  const fetch = (): Promise<string> => fetchFile(found, part, context);
  if (!kept || !found.ref) return described(kind, part, { in: 'spool', id: await fetch() });
  if (isFresh) await kept.forget([found.ref]);
  return described(kind, part, await kept.take(found.ref, fetch));
}

/** The kept file of a stored message, for which no socket is needed; null where there is none. */
export async function keptMedia(message: KeptMessage, kept: KeptMedia): Promise<FetchedMedia | null> {
  const ref = keptRefOf(message);
  const media = (await kept.has(ref)) ? partOf(proto.Message.decode(message.proto)) : null;
  return media && described(media.kind, media.part, { in: 'kept', file: keptFile(ref) });
}

export const mediaHandlers: HandlersOf<keyof MediaActions> = {
  FetchMedia: fetchMedia,
  LocateMedia: locateMedia,
};

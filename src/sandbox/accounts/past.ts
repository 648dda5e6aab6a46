/**
 * What a phone had before a device was linked, and how it hands that over: a bootstrap with every chat and its newest
 * message inside the notification, names, and the messages in chunks on the media host. Called by `first-login.ts`.
 */
import { deflateSync } from 'node:zlib';
import { hostFile } from '../contacts/send-media.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { PastChat, PastMessage } from './past-chat.ts';

const { HistorySyncType } = proto.HistorySync;
const { Type } = proto.Message.ProtocolMessage;
type SyncType = proto.HistorySync.HistorySyncType;

function webMessage({ jid }: PastChat, message: PastMessage): proto.IWebMessageInfo {
  const { id, content, fromMe = false, participant, at, starred = false, reaction } = message;
  const key = { remoteJid: jid, fromMe, id, ...(participant ? { participant } : {}) };
  const reactions = reaction
    ? [
        {
          key: { remoteJid: jid, fromMe: false, id: `R${id}` },
          text: reaction,
          senderTimestampMs: at * 1_000,
        },
      ]
    : [];
  return { key, message: content, messageTimestamp: at, starred, reactions, status: fromMe ? 4 : 0 };
}

function conversation(chat: PastChat, messages: readonly PastMessage[]): proto.IConversation {
  const { jid, otherJid, name, unread = 0, archived = false, pinned = false } = chat;
  const last = chat.messages.at(-1)?.at ?? 0;
  const isLid = jid.endsWith('@lid');
  return {
    id: jid,
    ...(name ? { name } : {}),
    ...(otherJid ? (isLid ? { pnJid: otherJid } : { lidJid: otherJid }) : {}),
    unreadCount: unread,
    archived,
    pinned: pinned ? last : 0,
    conversationTimestamp: last,
    messages: messages
      .map((message) => ({
        message: webMessage(chat, message),
        msgOrderId: chat.messages.indexOf(message) + 1,
      }))
      .toReversed(),
  };
}

interface Chunk {
  readonly syncType: SyncType;
  readonly order: number;
  readonly progress: number;
  readonly content: Omit<proto.IHistorySync, 'syncType'>;
}

function notification({ syncType, order, progress }: Chunk, place: proto.Message.IHistorySyncNotification) {
  const historySyncNotification = {
    syncType: syncType as number as proto.Message.HistorySyncType,
    chunkOrder: order,
    progress,
    ...place,
  };
  return { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification };
}

const packed = ({ syncType, order, progress, content }: Chunk): Buffer =>
  deflateSync(proto.HistorySync.encode({ ...content, syncType, chunkOrder: order, progress }).finish());

export const inlineChunk = (chunk: Chunk): proto.Message.IProtocolMessage =>
  notification(chunk, { initialHistBootstrapInlinePayload: packed(chunk) });

/** On the media host, as the phone uploads what is too large for a message. */
const uploadedChunk = (world: World, chunk: Chunk): proto.Message.IProtocolMessage =>
  notification(chunk, hostFile(world, 'history', 'WhatsApp History Keys', packed(chunk)));

/** The messages of the chats, in chunks of that many chats each. */
export function recentChunks(
  world: World,
  chats: readonly PastChat[],
  firstOrder: number,
): proto.Message.IProtocolMessage[] {
  const perChunk = world.settings.historyChunkChats;
  const count = Math.max(1, Math.ceil(chats.length / perChunk));
  return Array.from({ length: count }, (_, n) => {
    const part = chats.slice(n * perChunk, (n + 1) * perChunk);
    const conversations = part.map((chat) => conversation(chat, chat.messages));
    const progress = Math.round(((n + 1) / count) * 100);
    const chunk = {
      syncType: HistorySyncType.RECENT,
      order: firstOrder + n,
      progress,
      content: { conversations },
    };
    return chats.length > 0 ? uploadedChunk(world, chunk) : inlineChunk(chunk);
  });
}

export const bootstrapOf = (chats: readonly PastChat[]): proto.IConversation[] =>
  chats.map((chat) => conversation(chat, chat.messages.slice(-1)));

export const pushNamesOf = (chats: readonly PastChat[]): proto.IPushname[] =>
  chats.flatMap(({ jid, pushName }) => (pushName ? [{ id: jid, pushname: pushName }] : []));

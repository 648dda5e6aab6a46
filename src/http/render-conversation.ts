/** Kept messages and chats in the API's shapes. Used by the routes. */
import { iso, isoOrNull } from '../clock.ts';
import type { ChatView, MessageDetail } from '../protocol/conversations.ts';
import { renderMessage } from './render.ts';

const timed = <T extends { readonly at: number }>(one: T) => ({ ...one, at: iso(one.at) });

export const renderDetail = (message: MessageDetail) => ({
  ...renderMessage(message),
  editedAt: isoOrNull(message.editedAt),
  deletedAt: isoOrNull(message.deletedAt),
  starred: message.isStarred,
  pinnedUntil: isoOrNull(message.pinnedUntil),
  reactions: message.reactions.map(timed),
  votes: message.votes.map(timed),
});

/** A chat without a message has no time. */
export const renderChat = (chat: ChatView) => ({
  jid: chat.jid,
  pn: chat.pn,
  lid: chat.lid,
  name: chat.name,
  timestamp: chat.at === 0 ? null : iso(chat.at),
  unreadCount: chat.unread,
  unread: chat.unread > 0 || chat.isMarkedUnread,
  archived: chat.isArchived,
  pinned: chat.isPinned,
  mutedUntil: isoOrNull(chat.mutedUntil),
  ephemeralSeconds: chat.ephemeralSeconds,
  lastMessage: chat.lastMessage && renderDetail(chat.lastMessage),
});

/**
 * Chats as other devices of the account change them, and the setting that reads what comes in. Subscribed by
 * `capability-events.ts`. Every message updates its chat too: that is no event of its own.
 */
import {
  type BaileysEventMap,
  type ChatUpdate,
  isJidNewsletter,
  isJidStatusBroadcast,
  type WAMessage,
  type WAMessageKey,
  WAMessageStatus,
} from '@whiskeysockets/baileys';
import type { ChatChange } from '../protocol/chat-changes.ts';
import { partyId } from '../store/conversation-ports.ts';
import { isMine } from './addresses.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { chatDeleted, chatUpdated } from './chat-changes.ts';
import { visibleContent } from './content.ts';
import { unreadAfter } from './unread.ts';

/** What another device changed; nothing where the update only says that a message came. */
function changeOf(update: ChatUpdate): ChatChange {
  const { archived, pinned, muteEndTime, unreadCount, ephemeralExpiration, conversationTimestamp } = update;
  const isOfMessage = conversationTimestamp !== undefined;
  const isRead = unreadCount === 0;
  return {
    ...(typeof archived === 'boolean' && !(isOfMessage && !archived) ? { archived } : {}),
    ...(pinned === undefined ? {} : { pinned: Boolean(pinned) }),
    ...(muteEndTime === undefined ? {} : { mutedUntil: muteEndTime === null ? null : Number(muteEndTime) }),
    ...(!isOfMessage && (isRead || unreadCount === -1) ? { unread: !isRead } : {}),
    ...(typeof ephemeralExpiration === 'number' ? { ephemeralSeconds: ephemeralExpiration } : {}),
  };
}

class ChatReader {
  private readonly parts: CapabilityParts;

  constructor(parts: CapabilityParts) {
    this.parts = parts;
  }

  readonly updated = (updates: BaileysEventMap['chats.update']): void => {
    const { facts, party } = this.parts;
    for (const update of updates) {
      const change = changeOf(update);
      const { id } = update;
      if (!id || Object.keys(change).length === 0) continue;
      facts.raise(async () => [chatUpdated(await party(id), change)]);
    }
  };

  readonly deleted = (ids: BaileysEventMap['chats.delete']): void => {
    const { facts, party } = this.parts;
    for (const id of ids) facts.raise(async () => [chatDeleted(await party(id), false)]);
  };

  /** Another device of the account read: WhatsApp tells it as a receipt of messages that others wrote. */
  readonly read = (updates: BaileysEventMap['messages.update']): void => {
    const read = updates.filter(
      ({ key, update }) => key.fromMe === false && Number(update.status ?? 0) >= WAMessageStatus.READ,
    );
    this.readElsewhere(read.map(({ key }) => key));
  };

  /** As `read`, of groups. */
  readonly readInGroup = (receipts: BaileysEventMap['message-receipt.update']): void => {
    const me = this.parts.me();
    const read = receipts.filter(({ receipt }) => receipt.readTimestamp && isMine(receipt.userJid, me));
    this.readElsewhere(read.map(({ key }) => key));
  };

  private readElsewhere(keys: readonly WAMessageKey[]): void {
    const { facts, party, store, instance } = this.parts;
    for (const jid of new Set(keys.map(({ remoteJid }) => remoteJid))) {
      if (!jid) continue;
      const ids = keys.flatMap(({ remoteJid, id }) => (remoteJid === jid && id ? [id] : []));
      facts.raise(async () => {
        const chat = await party(jid);
        const left = await unreadAfter(store.conversations, instance, partyId(chat), ids);
        return left === null ? [] : [chatUpdated(chat, { unread: left > 0, unreadCount: left })];
      });
    }
  }

  readonly messages = ({ messages }: BaileysEventMap['messages.upsert']): void => {
    const { settings, attempt, sock } = this.parts;
    if (!settings.readMessages) return;
    const keys = messages.filter(isToBeRead).map(({ key }) => key);
    if (keys.length > 0) attempt(() => sock.readMessages(keys));
  };
}

/** Looking at a status or a newsletter is a person's own act. */
function isToBeRead({ key, message }: WAMessage): boolean {
  const { fromMe, remoteJid } = key;
  if (fromMe || !remoteJid || isJidStatusBroadcast(remoteJid) || isJidNewsletter(remoteJid)) return false;
  return visibleContent(message) !== undefined;
}

export function subscribeChats(parts: CapabilityParts): void {
  const reader = new ChatReader(parts);
  parts.sock.ev.on('chats.update', reader.updated);
  parts.sock.ev.on('chats.delete', reader.deleted);
  parts.sock.ev.on('messages.upsert', reader.messages);
  parts.sock.ev.on('messages.update', reader.read);
  parts.sock.ev.on('message-receipt.update', reader.readInGroup);
}

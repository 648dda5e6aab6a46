/**
 * A chat of a history chunk as what the store keeps: its state, then its messages one at a time, so that the largest
 * group is not decoded at once. Called by `history.ts`; changes nothing.
 */
import { isJidGroup, isJidNewsletter, proto, type WAMessage, WAMessageStatus } from '@whiskeysockets/baileys';
import type { ChatState, ContactNames } from '../protocol/conversations.ts';
import type { MessageStatus, Party } from '../protocol/message.ts';
import type { Mark } from '../store/conversation-ports.ts';
import { mineOf, resolvedParty } from './addresses.ts';
import { fieldsOf } from './history-fields.ts';
import { type InboundParts, receivedMessage, timestampMs } from './inbound.ts';
import { keyOf } from './journal.ts';
import type { HistoryMessage } from './wa-socket.ts';

/** `messages` of WAProto's Conversation. */
const messagesField = 2;

export interface HistoryConversation {
  readonly head: proto.IConversation;
  /** Encoded, newest first. */
  readonly messages: readonly Uint8Array[];
}

/** Without decoding its messages. */
export function conversationOf(bytes: Uint8Array): HistoryConversation {
  const head: Uint8Array[] = [];
  const messages: Uint8Array[] = [];
  for (const one of fieldsOf(bytes)) {
    if (one.field === messagesField) messages.push(one.bytes);
    else head.push(one.raw);
  }
  return { head: proto.Conversation.decode(Buffer.concat(head)), messages };
}

const hasName = (jid: string): boolean => Boolean(isJidGroup(jid) || isJidNewsletter(jid));

/** Only what the phone says. Names of people are their contacts'. */
export function stateOf(head: proto.IConversation): Partial<ChatState> {
  const mutedUntil = timestampMs(head.muteEndTime) / 1_000;
  const at = timestampMs(head.conversationTimestamp);
  return {
    ...(hasName(head.id ?? '') ? { name: head.name ?? head.displayName ?? null } : {}),
    ...(at > 0 ? { at } : {}),
    unread: Math.max(0, head.unreadCount ?? 0),
    isMarkedUnread: head.markedAsUnread === true,
    isArchived: head.archived === true,
    isPinned: (head.pinned ?? 0) > 0,
    mutedUntil: mutedUntil > 0 && mutedUntil <= timeMaxMs ? mutedUntil : mutedUntil === 0 ? null : timeMaxMs,
    ephemeralSeconds: head.ephemeralExpiration ?? null,
  };
}

/** "For ever" is a number beyond what a date can be. */
const timeMaxMs = 8_640_000_000_000_000;

/** A person's name in the address book of the phone. */
export function namesOf(head: proto.IConversation): Partial<ContactNames> | null {
  const name = head.name ?? head.displayName;
  return name && !hasName(head.id ?? '') ? { name } : null;
}

const statuses = new Map<number, MessageStatus>([
  [WAMessageStatus.DELIVERY_ACK, 'delivered'],
  [WAMessageStatus.READ, 'read'],
  [WAMessageStatus.PLAYED, 'played'],
]);

async function reactionsOf(parts: InboundParts, message: WAMessage, chat: Party): Promise<Mark[]> {
  const marks = (message.reactions ?? []).map(async ({ key, text, senderTimestampMs }): Promise<Mark> => {
    const from = key?.fromMe
      ? mineOf(parts.me())
      : key?.participant
        ? await resolvedParty(parts.lids, key.participant)
        : chat;
    return { kind: 'reaction', from, emoji: text ?? '', at: Number(String(senderTimestampMs ?? 0)) };
  });
  return Promise.all(marks);
}

/** Null where there is nothing to keep: keys, notices, what was deleted. `position`: its place in the chunk. */
export async function messageOf(
  parts: InboundParts,
  bytes: Uint8Array,
  chat: Party,
  position: number,
): Promise<HistoryMessage | null> {
  const { message, msgOrderId } = proto.HistorySyncMsg.decode(bytes);
  if (!message?.key) return null;
  const told = { ...message, key: { ...message.key } } as WAMessage;
  if (message.participant && !told.key.participant) told.key.participant = message.participant;
  const found = await receivedMessage(parts, told, false);
  if (!found) return null;
  const order = Number(String(msgOrderId ?? 0));
  const status = statuses.get(Number(message.status ?? 0)) ?? found.status;
  const marks = await reactionsOf(parts, told, chat);
  if (message.starred) marks.push({ kind: 'starred', isOn: true, at: found.timestamp });
  return {
    message: { ...found, chat, status },
    source: { key: keyOf(told), proto: proto.Message.encode(message.message ?? {}).finish() },
    order: Number.isSafeInteger(order) && order > 0 ? order : position,
    marks: marks.filter((mark) => mark.kind !== 'reaction' || mark.emoji !== ''),
  };
}

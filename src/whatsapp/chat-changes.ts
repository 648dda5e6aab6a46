/**
 * Changes of chats: archive, pin, mute, unread, disappearing messages, removal, read receipts. Called through
 * `actions.ts`. App state wants the last message of a chat with some of them: it is read from the store.
 */
import { type ChatModification, isJidGroup, type WAMessageKey } from '@whiskeysockets/baileys';
import { iso } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { ChatActions, ChatChange, ChatNews, ChatUpdate } from '../protocol/chat-changes.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Party } from '../protocol/message.ts';
import { partyId } from '../store/conversation-ports.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { assertKeysCame } from './app-state.ts';
import { unreadAfter, unreadKeys, waKeyOf } from './unread.ts';

export function chatUpdated(chat: Party, { mutedUntil, ...change }: ChatNews): NewEvent<'chat.updated'> {
  const muted = mutedUntil === undefined ? {} : { mutedUntil: mutedUntil && iso(mutedUntil) };
  return { type: 'chat.updated', chat: chat.jid, data: { chat, ...change, ...muted } as never };
}

export const chatDeleted = (chat: Party, keepsChat: boolean): NewEvent<'chat.deleted'> => ({
  type: 'chat.deleted',
  chat: chat.jid,
  data: { chat, messagesOnly: keepsChat },
});

type ChatModificationMessages = { key: WAMessageKey; messageTimestamp: number }[];

async function lastMessages(
  { store, instance }: ActionContext,
  chat: Party,
): Promise<ChatModificationMessages> {
  const query = { before: null, after: null, type: null, cursor: null, order: 'newest', limit: 1 } as const;
  const page = await store.conversations.messages(instance, { ...query, chatId: partyId(chat) });
  return page.items.map((message) => ({
    key: waKeyOf(message),
    messageTimestamp: Math.floor(message.view.timestamp / 1_000),
  }));
}

/** One patch of app state each, in this order. */
async function modificationsOf(
  change: ChatChange,
  context: ActionContext,
  chat: Party,
): Promise<ChatModification[]> {
  const { archived, pinned, mutedUntil, unread } = change;
  const last = archived === undefined && unread === undefined ? [] : await lastMessages(context, chat);
  const found: ChatModification[] = [];
  if (archived !== undefined) found.push({ archive: archived, lastMessages: last });
  if (pinned !== undefined) found.push({ pin: pinned });
  if (mutedUntil !== undefined) found.push({ mute: mutedUntil });
  if (unread !== undefined) found.push({ markRead: !unread, lastMessages: last });
  return found;
}

async function change(
  { chat: address, change: wanted }: { readonly chat: string; readonly change: ChatChange },
  context: ActionContext,
): Promise<ChatUpdate> {
  const { sock, resolve, party, record } = context;
  const jid = await resolve(address);
  const chat = await party(jid);
  const modifications = await modificationsOf(wanted, context, chat);
  if (modifications.length > 0) assertKeysCame(sock);
  for (const modification of modifications) await sock.chatModify(modification, jid);
  const { ephemeralSeconds: seconds } = wanted;
  if (seconds !== undefined && isJidGroup(jid)) await sock.groupToggleEphemeral(jid, seconds);
  else if (seconds !== undefined) await sock.sendMessage(jid, { disappearingMessagesInChat: seconds });
  await record([chatUpdated(chat, wanted)]);
  return { chat, ...wanted };
}

async function remove(
  { chat: address, keepChat }: { readonly chat: string; readonly keepChat: boolean },
  context: ActionContext,
): Promise<null> {
  const { sock, resolve, party, record } = context;
  assertKeysCame(sock);
  const jid = await resolve(address);
  const chat = await party(jid);
  const last = await lastMessages(context, chat);
  await sock.chatModify(
    { ...(keepChat ? { clear: true } : { delete: true }), lastMessages: last } as never,
    jid,
  );
  await record([chatDeleted(chat, keepChat)]);
  return null;
}

/** In a chat of two the key follows from the chat; in others only the store knows who wrote it. */
async function keyOf(context: ActionContext, jid: string, chat: Party, id: string): Promise<WAMessageKey> {
  const known = await context.store.conversations.messagesOf(context.instance, id);
  const found = known.find((message) => message.chatId === partyId(chat));
  if (found) return waKeyOf(found);
  if (chat.pn || chat.lid) return { remoteJid: jid, fromMe: false, id };
  throw new AppError('not_found', `The chat ${jid} has no message ${id} in the store.`);
}

/** A mark of the phone's owner is app state; a count of unread messages follows from the receipts. */
async function unmark(context: ActionContext, jid: string, chat: Party): Promise<void> {
  assertKeysCame(context.sock);
  const last = await lastMessages(context, chat);
  await context.sock.chatModify({ markRead: true, lastMessages: last }, jid);
}

async function readAll(context: ActionContext, jid: string, chat: Party): Promise<number> {
  const { sock, store, instance, record } = context;
  const isMarked = (await store.conversations.chat(instance, partyId(chat)))?.isMarkedUnread === true;
  let count = 0;
  for await (const keys of unreadKeys(store.conversations, instance, partyId(chat))) {
    await sock.readMessages(keys);
    count += keys.length;
  }
  if (isMarked) await unmark(context, jid, chat);
  if (isMarked || count > 0) await record([chatUpdated(chat, { unread: false, unreadCount: 0 })]);
  return count;
}

async function readThese(
  context: ActionContext,
  jid: string,
  chat: Party,
  ids: readonly string[],
): Promise<number> {
  const { sock, store, instance, record } = context;
  const keys = await Promise.all(ids.map((id) => keyOf(context, jid, chat, id)));
  const inbound = keys.filter(({ fromMe }) => !fromMe);
  if (inbound.length === 0) return 0;
  await sock.readMessages(inbound);
  const left = await unreadAfter(store.conversations, instance, partyId(chat), ids);
  if (left !== null) await record([chatUpdated(chat, { unread: left > 0, unreadCount: left })]);
  return inbound.length;
}

async function read(
  { chat: address, messageIds }: { readonly chat: string; readonly messageIds: readonly string[] | null },
  context: ActionContext,
): Promise<{ readonly read: number }> {
  const jid = await context.resolve(address);
  const chat = await context.party(jid);
  const read = messageIds ? readThese(context, jid, chat, messageIds) : readAll(context, jid, chat);
  return { read: await read };
}

export const chatHandlers: HandlersOf<keyof ChatActions> = {
  ChangeChat: change,
  RemoveChat: remove,
  ReadChat: read,
};

/**
 * Changes of chats: archive, pin, mute, unread, disappearing messages, removal, read receipts. Called through
 * `actions.ts`. App state wants the last message of a chat with some of them: it is read from the store.
 */
import { type ChatModification, isJidGroup, type WAMessageKey } from '@whiskeysockets/baileys';
import { iso } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { ChatActions, ChatChange, ChatUpdate } from '../protocol/chat-changes.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Party } from '../protocol/message.ts';
import { partyId, type StoredMessage } from '../store/conversation-ports.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { assertKeysCame } from './app-state.ts';
import { readAtOnceMax } from './limits.ts';

export function chatUpdated(chat: Party, { mutedUntil, ...change }: ChatChange): NewEvent<'chat.updated'> {
  const muted = mutedUntil === undefined ? {} : { mutedUntil: mutedUntil && iso(mutedUntil) };
  return { type: 'chat.updated', chat: chat.jid, data: { chat, ...change, ...muted } as never };
}

export const chatDeleted = (chat: Party, keepsChat: boolean): NewEvent<'chat.deleted'> => ({
  type: 'chat.deleted',
  chat: chat.jid,
  data: { chat, messagesOnly: keepsChat },
});

async function lastMessages(context: ActionContext, chat: Party): Promise<ChatModificationMessages> {
  const page = await newest(context, chat, 1);
  return page.map(({ key, view }) => ({
    key: { ...waKey(key), id: view.id },
    messageTimestamp: Math.floor(view.timestamp / 1_000),
  }));
}

type ChatModificationMessages = { key: WAMessageKey; messageTimestamp: number }[];

const waKey = ({ remoteJid, fromMe, participant }: StoredMessage['key']): Omit<WAMessageKey, 'id'> => ({
  remoteJid,
  fromMe,
  ...(participant ? { participant } : {}),
});

async function newest(
  { store, instance }: ActionContext,
  chat: Party,
  limit: number,
): Promise<readonly StoredMessage[]> {
  const query = { chatId: partyId(chat), before: null, after: null, type: null, cursor: null } as const;
  return (await store.conversations.messages(instance, { ...query, order: 'newest', limit })).items;
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
  const { sock, resolve, party, raise } = context;
  const jid = await resolve(address);
  const chat = await party(jid);
  const modifications = await modificationsOf(wanted, context, chat);
  if (modifications.length > 0) assertKeysCame(sock);
  for (const modification of modifications) await sock.chatModify(modification, jid);
  const { ephemeralSeconds: seconds } = wanted;
  if (seconds !== undefined && isJidGroup(jid)) await sock.groupToggleEphemeral(jid, seconds);
  else if (seconds !== undefined) await sock.sendMessage(jid, { disappearingMessagesInChat: seconds });
  raise([chatUpdated(chat, wanted)]);
  return { chat, ...wanted };
}

async function remove(
  { chat: address, keepChat }: { readonly chat: string; readonly keepChat: boolean },
  context: ActionContext,
): Promise<null> {
  const { sock, resolve, party, raise, store, instance } = context;
  assertKeysCame(sock);
  const jid = await resolve(address);
  const chat = await party(jid);
  const last = await lastMessages(context, chat);
  await sock.chatModify(
    { ...(keepChat ? { clear: true } : { delete: true }), lastMessages: last } as never,
    jid,
  );
  if (keepChat) await store.eraseMessages(instance, partyId(chat), { upTo: null });
  else await store.eraseChat(instance, partyId(chat));
  raise([chatDeleted(chat, keepChat)]);
  return null;
}

async function unreadKeys(context: ActionContext, chat: Party): Promise<WAMessageKey[]> {
  const record = await context.store.conversations.chat(context.instance, partyId(chat));
  if (!record || record.unread === 0) return [];
  const found = await newest(context, chat, readAtOnceMax);
  return found
    .filter(({ key }) => !key.fromMe)
    .slice(0, record.unread)
    .map(({ key, view }) => ({ ...waKey(key), id: view.id }));
}

/** In a chat of two the key follows from the chat; in others only the store knows who wrote it. */
async function keyOf(context: ActionContext, jid: string, chat: Party, id: string): Promise<WAMessageKey> {
  const known = await context.store.conversations.messagesOf(context.instance, id);
  const found = known.find((message) => message.chatId === partyId(chat));
  if (found) return { ...waKey(found.key), id };
  if (chat.pn || chat.lid) return { remoteJid: jid, fromMe: false, id };
  throw new AppError('not_found', `The chat ${jid} has no message ${id} in the store.`);
}

async function read(
  { chat: address, messageIds }: { readonly chat: string; readonly messageIds: readonly string[] | null },
  context: ActionContext,
): Promise<{ readonly read: number }> {
  const { sock, resolve, party, raise } = context;
  const jid = await resolve(address);
  const chat = await party(jid);
  const keys = messageIds
    ? await Promise.all(messageIds.map((id) => keyOf(context, jid, chat, id)))
    : await unreadKeys(context, chat);
  const inbound = keys.filter(({ fromMe }) => !fromMe);
  if (inbound.length > 0) await sock.readMessages(inbound);
  if (inbound.length > 0 && messageIds === null) raise([chatUpdated(chat, { unread: false })]);
  return { read: inbound.length };
}

export const chatHandlers: HandlersOf<keyof ChatActions> = {
  ChangeChat: change,
  RemoveChat: remove,
  ReadChat: read,
};

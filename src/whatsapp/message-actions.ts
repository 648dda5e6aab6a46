/**
 * What an account does to a message on its own devices alone: stars, and deletions for itself. Called through
 * `actions.ts`; as other devices do it, `message-events.ts` hears of it.
 */
import {
  type ChatModification,
  chatModificationToAppPatch,
  isJidGroup,
  type WASocket,
} from '@whiskeysockets/baileys';
import { iso } from '../clock.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Party, TargetKey } from '../protocol/message.ts';
import type { MessageActions } from '../protocol/message-actions.ts';
import type { StoreWrite } from '../store/ports.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { mineOf } from './addresses.ts';
import { assertKeysCame } from './app-state.ts';

/** The index names the author in a group: Baileys leaves that out, and phones then find no message. */
async function patch(
  sock: Pick<WASocket, 'authState' | 'appPatch'>,
  modification: ChatModification,
  { remoteJid, participant, fromMe }: TargetKey,
): Promise<void> {
  assertKeysCame(sock);
  const made = chatModificationToAppPatch(modification, remoteJid);
  const author = isJidGroup(remoteJid) && !fromMe ? participant : null;
  await sock.appPatch(author ? { ...made, index: [...made.index.slice(0, -1), author] } : made);
}

export const starMark = (
  instance: string,
  {
    chatId,
    id,
    isOn,
    at,
  }: { readonly chatId: string; readonly id: string; readonly isOn: boolean; readonly at: number },
): StoreWrite => ({ to: 'mark', instance, chatId, id, mark: { kind: 'starred', isOn, at } });

export const messageHidden = (
  id: string,
  chat: Party,
  from: Party,
  at: number,
): NewEvent<'message.deleted'> => ({
  type: 'message.deleted',
  chat: chat.jid,
  data: { id, chat, from, fromMe: true, at: iso(at), for: 'me' },
});

async function star(
  { key, chatId, isOn }: MessageActions['StarMessage']['input'],
  { sock, store, instance, clock }: ActionContext,
): Promise<null> {
  const { id, fromMe } = key;
  await patch(sock, { star: { messages: [{ id, fromMe }], star: isOn } }, key);
  await store.commit([starMark(instance, { chatId, id, isOn, at: clock.now() })]);
  return null;
}

async function hide(
  { key, chatId, chat, timestamp: ms }: MessageActions['HideMessage']['input'],
  { sock, store, instance, clock, raise, me }: ActionContext,
): Promise<null> {
  const { id, remoteJid, fromMe } = key;
  const timestamp = Math.floor(ms / 1_000);
  const target = { key: { id, remoteJid, fromMe }, deleteMedia: false, timestamp };
  await patch(sock, { deleteForMe: target }, key);
  await store.eraseMessages(instance, chatId, { id });
  raise([messageHidden(id, chat, mineOf(me()), clock.now())]);
  return null;
}

export const messageHandlers: HandlersOf<keyof MessageActions> = { StarMessage: star, HideMessage: hide };

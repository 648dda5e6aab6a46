/**
 * What of a chat is unread, as the store counts it: the keys for read receipts, and how many stay unread once some
 * are read. Called by `chat-changes.ts` and `chat-events.ts`; never changes anything.
 */
import type { WAMessageKey } from '@whiskeysockets/baileys';
import type { ConversationStore, StoredMessage } from '../store/conversation-ports.ts';
import { readAtOnceMax, readPagesMax } from './limits.ts';

type Conversations = Pick<ConversationStore, 'chat' | 'messages'>;

/** Of a stored message. */
export const waKeyOf = ({ key, view }: Pick<StoredMessage, 'key' | 'view'>): WAMessageKey => ({
  remoteJid: key.remoteJid,
  fromMe: key.fromMe,
  ...(key.participant ? { participant: key.participant } : {}),
  id: view.id,
});

/** Newest first, a page at a time, a bounded number of them. Mostly the first, of as many as are unread, has them. */
async function* newestOf(
  conversations: Conversations,
  instance: string,
  chatId: string,
  unread: number,
): AsyncGenerator<readonly StoredMessage[]> {
  const query = { chatId, before: null, after: null, type: null, order: 'newest' } as const;
  let cursor: string | null = null;
  let limit = Math.min(unread, readAtOnceMax);
  for (let pages = 0; pages < readPagesMax; pages += 1) {
    const page = await conversations.messages(instance, { ...query, cursor, limit });
    yield page.items;
    if (page.next === null) return;
    cursor = page.next;
    limit = readAtOnceMax;
  }
}

/** Keys of all that is unread, at most `readAtOnceMax` a page. */
export async function* unreadKeys(
  conversations: Conversations,
  instance: string,
  chatId: string,
): AsyncGenerator<WAMessageKey[]> {
  let left = (await conversations.chat(instance, chatId))?.unread ?? 0;
  if (left === 0) return;
  for await (const page of newestOf(conversations, instance, chatId, left)) {
    const keys = page.filter(({ key }) => !key.fromMe).slice(0, left);
    left -= keys.length;
    if (keys.length > 0) yield keys.map(waKeyOf);
    if (left === 0) return;
  }
}

/** How many stay unread once these are read, and with them all before; null where that changes nothing. */
export async function unreadAfter(
  conversations: Conversations,
  instance: string,
  chatId: string,
  ids: readonly string[],
): Promise<number | null> {
  const unread = (await conversations.chat(instance, chatId))?.unread ?? 0;
  if (unread === 0) return null;
  let left = 0;
  for await (const page of newestOf(conversations, instance, chatId, unread)) {
    for (const { key, view } of page) {
      if (ids.includes(view.id)) return left;
      if (!key.fromMe) left += 1;
      if (left >= unread) return null;
    }
  }
  return null;
}

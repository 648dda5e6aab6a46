/**
 * What the kept chats and contacts learn from events: their rows change in the batch of the event that tells it,
 * whoever made the change. Called by `message-recorder.ts`.
 */
import type { EventData, NewEvent } from '../protocol/events.ts';
import type { StoreWrite } from '../store/ports.ts';
import type { ChatBook, ChatPatch } from './chat-book.ts';

export const isOf = <T extends keyof EventData>(event: NewEvent, type: T): event is NewEvent<T> =>
  event.type === type;

function patchOf(data: EventData['chat.updated']): ChatPatch {
  const { archived, pinned, mutedUntil, unread, unreadCount, ephemeralSeconds } = data;
  const read = unread === false ? { unread: 0, isMarkedUnread: false } : {};
  return {
    ...(archived === undefined ? {} : { isArchived: archived }),
    ...(pinned === undefined ? {} : { isPinned: pinned }),
    ...(mutedUntil === undefined ? {} : { mutedUntil: mutedUntil === null ? null : Date.parse(mutedUntil) }),
    ...(unread === true && unreadCount === undefined ? { isMarkedUnread: true } : read),
    ...(unreadCount === undefined ? {} : { unread: unreadCount }),
    ...(ephemeralSeconds === undefined ? {} : { ephemeralSeconds }),
  };
}

/** A group that was just made is a chat before anybody wrote in it. */
async function ofGroup(book: ChatBook, { chat, at, changes }: EventData['group.updated']) {
  const { subject, ephemeralSeconds, created } = changes;
  const patch: ChatPatch = {
    ...(subject === undefined ? {} : { name: subject }),
    ...(ephemeralSeconds === undefined ? {} : { ephemeralSeconds }),
    ...(created ? { at: Date.parse(at) } : {}),
  };
  return Object.keys(patch).length > 0 ? book.chat(chat, patch, created === true) : [];
}

async function ofEvent(book: ChatBook, event: NewEvent): Promise<StoreWrite[]> {
  if (isOf(event, 'chat.updated')) return book.chat(event.data.chat, patchOf(event.data));
  if (isOf(event, 'group.updated')) return ofGroup(book, event.data);
  if (!isOf(event, 'contact.updated') || event.data.name === null) return [];
  return book.contact(event.data.contact, { name: event.data.name });
}

/** One after the other: two changes of one chat build on each other. */
export async function followed(book: ChatBook, events: readonly NewEvent[]): Promise<StoreWrite[]> {
  const writes: StoreWrite[] = [];
  for (const event of events) writes.push(...(await ofEvent(book, event)));
  return writes;
}

/**
 * The read port of messages, chats and contacts over LMDB. Lists walk an index from a cursor, a bounded number
 * of entries a call: a filter that matches little gives a short page and a cursor to go on. Any thread.
 */
import { AppError } from '../../errors.ts';
import type {
  ChatRecord,
  ContactRecord,
  ConversationStore,
  KeptMessage,
  MessageQuery,
  StoredMessage,
  StorePage,
} from '../conversation-ports.ts';
import { partyId } from '../conversation-ports.ts';
import type { SentRecord } from '../ports.ts';
import {
  chatKey,
  chatMessages,
  contactKey,
  isReference,
  marksOf,
  messageKey,
  messagesOfId,
  type Placed,
  readByChat,
  readByTime,
  readChat,
  readContact,
  readMark,
  readMessage,
  secondOf,
} from './conversation-layout.ts';
import { type Bytes, type Environment, refresh } from './databases.ts';
import { reading } from './failures.ts';
import { afterKey, afterPrefix, foreignPart, keyMaxBytes, keyOf } from './keys.ts';
import { sentKey } from './layout.ts';
import { below, type Entry, entriesIn } from './range.ts';
import { look } from './reads.ts';
import { sentRecord } from './sent-layout.ts';

/** Index entries that one page may look at. */
const scannedMax = 2_000;
const samesIdMax = 32;
const marksMax = 4_096;

const ofSent = (record: SentRecord): Omit<KeptMessage, 'place' | 'chatId'> => ({
  view: record.view,
  key: { remoteJid: record.to, fromMe: true, participant: null },
  pushName: null,
  proto: record.proto ?? new Uint8Array(0),
});

const sentOf = (env: Environment, instance: string, id: string): SentRecord | undefined =>
  sentRecord(env, sentKey(instance, id));

function withMarks({ db }: Environment, instance: string, message: KeptMessage): StoredMessage | undefined {
  const parts = { idPart: foreignPart(message.view.id), chatPart: foreignPart(message.chatId) };
  const rows = entriesIn(db.marks, below(marksOf({ instance, ...parts }), marksMax));
  const marks = rows.map(({ value }) => readMark(value));
  return marks.some(({ kind }) => kind === 'hidden') ? undefined : { ...message, marks };
}

/** The whole message of a row of `messages`; undefined where its sent record is gone. */
export function wholeMessage(
  env: Environment,
  instance: string,
  value: Uint8Array,
): StoredMessage | undefined {
  const found = readMessage(instance, value);
  if (!isReference(found)) return withMarks(env, instance, found);
  const sent = sentOf(env, instance, found.id);
  return sent && withMarks(env, instance, { ...ofSent(sent), chatId: found.chatId, place: found.place });
}

function messagesOf(env: Environment, instance: string, id: string): readonly StoredMessage[] {
  refresh(env);
  const rows = entriesIn(env.db.messages, below(messagesOfId(instance, id), samesIdMax));
  if (rows.length > 0)
    return rows
      .map(({ value }) => wholeMessage(env, instance, value))
      .filter((message) => message !== undefined);
  const sent = sentOf(env, instance, id);
  if (!sent) return [];
  // It was never listed, or erased: then a mark of it says so, whatever its chat is called by now.
  const marks = entriesIn(env.db.marks, below(messagesOfId(instance, id), marksMax)).map(({ value }) =>
    readMark(value),
  );
  if (marks.some(({ kind }) => kind === 'hidden')) return [];
  const place = { at: sent.view.timestamp, order: 0 };
  return [{ ...ofSent(sent), chatId: partyId(sent.view.chat), place, marks }];
}

interface Walk {
  readonly db: Bytes;
  readonly prefix: Uint8Array;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly isReverse: boolean;
}

const cursorOf = (key: Uint8Array, prefix: Uint8Array): string =>
  Buffer.from(key.subarray(prefix.length)).toString('base64url');

function keyOfCursor(cursor: string, prefix: Uint8Array): Buffer {
  const key = Buffer.concat([prefix, Buffer.from(cursor, 'base64url')]);
  if (key.length > prefix.length && key.length <= keyMaxBytes) return key;
  throw new AppError('validation_failed', 'the cursor is not one of this list');
}

/** Where a walk begins and ends. Below every key that ends a text part there is no other than that key. */
function walkOf(
  db: Bytes,
  prefix: Uint8Array,
  bounds: { low: Uint8Array; high: Uint8Array },
  query: Pick<MessageQuery, 'order' | 'cursor'>,
): Walk {
  const { order, cursor } = query;
  const at = cursor === null ? null : keyOfCursor(cursor, prefix);
  if (order === 'oldest')
    return { db, prefix, start: at ? afterKey(at) : bounds.low, end: bounds.high, isReverse: false };
  const start = at ? at.subarray(0, at.length - 1) : bounds.high;
  return { db, prefix, start, end: bounds.low, isReverse: true };
}

/** At most `limit` items that `take` makes of entries, and where to go on. */
function page<T>(
  { db, prefix, start, end, isReverse }: Walk,
  limit: number,
  take: (entry: Entry) => T | undefined,
): StorePage<T> {
  const items: T[] = [];
  let scanned = 0;
  let last: Uint8Array | undefined;
  for (const entry of db.getRange({ start, end, reverse: isReverse, limit: scannedMax + 1 })) {
    if (scanned === scannedMax || items.length === limit) {
      return { items, next: last ? cursorOf(last, prefix) : null };
    }
    scanned += 1;
    last = entry.key;
    const item = take(entry);
    if (item !== undefined) items.push(item);
  }
  return { items, next: null };
}

function messagesPage(env: Environment, instance: string, query: MessageQuery): StorePage<StoredMessage> {
  refresh(env);
  const { chatId, before, after, type } = query;
  const prefix = chatId === null ? keyOf(instance) : chatMessages(instance, chatId);
  const chatPart = chatId === null ? '' : foreignPart(chatId);
  const at = (ms: number): Uint8Array => Buffer.concat([prefix, keyOf(secondOf(ms))]);
  const bounds = {
    low: after === null ? prefix : at(after),
    high: before === null ? afterPrefix(prefix) : at(before),
  };
  const db = chatId === null ? env.db.messagesByTime : env.db.messagesByChat;
  const place = (key: Uint8Array): Placed =>
    chatId === null
      ? readByTime(key, instance, prefix.length)
      : readByChat(key, instance, chatPart, prefix.length);
  return page(walkOf(db, prefix, bounds, query), query.limit, ({ key, value }) => {
    if (type !== null && Buffer.from(value).toString() !== type) return undefined;
    const row = env.db.messages.get(messageKey(place(key)));
    return row && wholeMessage(env, instance, row);
  });
}

function chatsPage(
  env: Environment,
  instance: string,
  cursor: string | null,
  limit: number,
): StorePage<ChatRecord> {
  refresh(env);
  const prefix = keyOf(instance);
  const bounds = { low: prefix, high: afterPrefix(prefix) };
  const walk = walkOf(env.db.chatsByTime, prefix, bounds, { order: 'newest', cursor });
  return page(walk, limit, ({ key }) => {
    const id = key.subarray(prefix.length + keyOf(0).length);
    const found = env.db.chats.get(Buffer.concat([prefix, id]));
    return found && readChat(found);
  });
}

function contactsPage(
  env: Environment,
  instance: string,
  cursor: string | null,
  limit: number,
): StorePage<ContactRecord> {
  refresh(env);
  const prefix = keyOf(instance);
  const bounds = { low: prefix, high: afterPrefix(prefix) };
  const walk = walkOf(env.db.contacts, prefix, bounds, { order: 'oldest', cursor });
  return page(walk, limit, ({ value }) => readContact(value));
}

export function conversationReads(env: Environment): ConversationStore {
  return {
    messagesOf: (instance, id) => reading('messagesOf', () => messagesOf(env, instance, id)),
    messages: (instance, query) => reading('messages', () => messagesPage(env, instance, query)),
    chat: (instance, id) =>
      reading('chat', () => {
        const found = look(env, env.db.chats, chatKey(instance, id));
        return found && readChat(found);
      }),
    chats: (instance, cursor, limit) => reading('chats', () => chatsPage(env, instance, cursor, limit)),
    contact: (instance, id) =>
      reading('contact', () => {
        const found = look(env, env.db.contacts, contactKey(instance, id));
        return found && readContact(found);
      }),
    contacts: (instance, cursor, limit) =>
      reading('contacts', () => contactsPage(env, instance, cursor, limit)),
  };
}

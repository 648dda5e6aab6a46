/**
 * Removal and moving of a chat's messages, in bounded batches with a turn of the event loop between them. A
 * kill in between leaves whole messages, some gone or moved and some not: the same call again ends it.
 * Called through the store by the shard that owns the instance.
 */
import { yieldTurn } from '../../clock.ts';
import type { Party } from '../../protocol/message.ts';
import { type MessageErasure, partyId } from '../conversation-ports.ts';
import {
  byChatKey,
  byTimeKey,
  chatByTimeKey,
  chatKey,
  chatMessages,
  isReference,
  marksOf,
  messageKey,
  type Placed,
  packMessage,
  packReference,
  placed,
  readByChat,
  readChat,
  readMessage,
  secondOf,
} from './conversation-layout.ts';
import { removalRows, tellGone } from './conversation-removal.ts';
import { listingRows } from './conversation-rows.ts';
import { type Environment, type Row, refresh, writeRows } from './databases.ts';
import { afterPrefix, foreignPart, keyOf } from './keys.ts';
import { below, entriesIn, keysIn } from './range.ts';

const messagesPerBatch = 200;
const marksMax = 4_096;

function chatPage(env: Environment, instance: string, chatId: string, end: Uint8Array): Placed[] {
  refresh(env);
  const start = chatMessages(instance, chatId);
  const keys = keysIn(env.db.messagesByChat, { start, end, limit: messagesPerBatch });
  return keys.map((key) => readByChat(key, instance, foreignPart(chatId), start.length));
}

/** Batch by batch until `rowsOf` has seen every message of the chat up to `end`; it must remove each. */
async function eachOfChat(
  env: Environment,
  instance: string,
  chatId: string,
  end: Uint8Array,
  rowsOf: (at: Placed) => Row[],
  before: (page: readonly Placed[]) => Promise<void> = async () => undefined,
): Promise<void> {
  for (;;) {
    const page = chatPage(env, instance, chatId, end);
    if (page.length === 0) return;
    await before(page);
    await writeRows(env, page.flatMap(rowsOf));
    await yieldTurn();
  }
}

async function eraseOne(
  env: Environment,
  instance: string,
  chatId: string,
  id: string,
  nowMs: number,
): Promise<void> {
  refresh(env);
  const unplaced = { id, chatId, place: { at: 0, order: 0 } };
  const value = env.db.messages.get(messageKey(placed(instance, unplaced)));
  if (!value) return;
  const { place } = readMessage(instance, value);
  const at = placed(instance, { id, chatId, place });
  await tellGone(env, [at]);
  await writeRows(env, removalRows(env, at, { isErased: true, nowMs }));
}

export async function eraseMessages(
  env: Environment,
  instance: string,
  chatId: string,
  which: MessageErasure,
  nowMs: number,
): Promise<void> {
  if ('id' in which) return eraseOne(env, instance, chatId, which.id, nowMs);
  const prefix = chatMessages(instance, chatId);
  const end =
    which.upTo === null ? afterPrefix(prefix) : Buffer.concat([prefix, keyOf(secondOf(which.upTo) + 1)]);
  const rowsOf = (at: Placed): Row[] => removalRows(env, at, { isErased: true, nowMs });
  await eachOfChat(env, instance, chatId, end, rowsOf, (page) => tellGone(env, page));
}

export async function eraseChat(
  env: Environment,
  instance: string,
  chatId: string,
  nowMs: number,
): Promise<void> {
  await eraseMessages(env, instance, chatId, { upTo: null }, nowMs);
  refresh(env);
  const key = chatKey(instance, chatId);
  const found = env.db.chats.get(key);
  if (!found) return;
  await writeRows(env, [
    { db: 'chats', key, value: null },
    { db: 'chatsByTime', key: chatByTimeKey(instance, readChat(found).at, chatId), value: null },
  ]);
}

/** The same message under another chat id: its row, its places and its marks. */
function movedRows(env: Environment, at: Placed, to: Party): Row[] {
  const { db } = env;
  const value = db.messages.get(messageKey(at));
  const gone: Row[] = [
    { db: 'messages', key: messageKey(at), value: null },
    { db: 'messagesByChat', key: byChatKey(at), value: null },
    { db: 'messagesByTime', key: byTimeKey(at), value: null },
  ];
  if (!value) return gone;
  const found = readMessage(at.instance, value);
  const chatId = partyId(to);
  const moved: Placed = { ...at, chatPart: foreignPart(chatId) };
  const type = Buffer.from(db.messagesByChat.get(byChatKey(at)) ?? []).toString();
  const row = isReference(found)
    ? packReference(found.id, chatId, found.place)
    : packMessage({ ...found, chatId, view: { ...found.view, chat: to } });
  const old = marksOf(at);
  const marks = entriesIn(db.marks, below(old, marksMax)).flatMap(({ key, value: mark }): Row[] => [
    { db: 'marks', key, value: null },
    { db: 'marks', key: Buffer.concat([marksOf(moved), key.subarray(old.length)]), value: mark },
  ]);
  return [...gone, ...listingRows(moved, type, row), ...marks];
}

export function moveChat(env: Environment, instance: string, from: string, to: Party): Promise<void> {
  if (from === partyId(to)) return Promise.resolve();
  const end = afterPrefix(chatMessages(instance, from));
  return eachOfChat(env, instance, from, end, (at) => movedRows(env, at, to));
}

/**
 * Removal and moving of a chat's messages, in bounded batches with a turn of the event loop between them. A
 * kill in between leaves whole messages, some gone or moved and some not: the same call again ends it.
 * Called through the store by the shard that owns the instance.
 */
import { yieldTurn } from '../../clock.ts';
import type { Party } from '../../protocol/message.ts';
import { pack, plainBytes, unpack } from '../codec.ts';
import { type MessageErasure, partyId } from '../conversation-ports.ts';
import type { ChatErasure } from '../ports.ts';
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
import { afterKey, afterPrefix, foreignPart, keyOf } from './keys.ts';
import { erasingChatKey, erasingChatPrefix } from './layout.ts';
import { below, entriesIn, keysIn } from './range.ts';

/** `alongside` as rows. */
type ErasedWith = Omit<ChatErasure, 'alongside'> & { readonly alongside: readonly Row[] };

const messagesPerBatch = 200;
const marksMax = 4_096;

/** Batch by batch, until `rowsOf` has seen every message of the chat up to `end`. */
async function eachOfChat(
  env: Environment,
  instance: string,
  chatId: string,
  end: Uint8Array,
  rowsOf: (at: Placed) => Row[],
  before: (page: readonly Placed[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const prefix = chatMessages(instance, chatId);
  let start: Uint8Array = prefix;
  for (;;) {
    refresh(env);
    const keys = keysIn(env.db.messagesByChat, { start, end, limit: messagesPerBatch });
    const last = keys.at(-1);
    if (!last) return;
    start = afterKey(last);
    const page = keys.map((key) => readByChat(key, instance, foreignPart(chatId), prefix.length));
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

/** What is left to do of a chat's removal, as the mark that outlives a kill says it. */
interface Erasing {
  readonly instance: string;
  readonly chatId: string;
  readonly upToOrder: number;
}

async function finishChat(
  env: Environment,
  { instance, chatId, upToOrder }: Erasing,
  nowMs: number,
): Promise<void> {
  const end = afterPrefix(chatMessages(instance, chatId));
  const isDoomed = (at: Placed): boolean => at.order <= upToOrder;
  const rowsOf = (at: Placed): Row[] => (isDoomed(at) ? removalRows(env, at, { isErased: true, nowMs }) : []);
  await eachOfChat(env, instance, chatId, end, rowsOf, (page) => tellGone(env, page.filter(isDoomed)));
  await writeRows(env, [{ db: 'meta', key: erasingChatKey(instance, chatId), value: null }]);
}

/** The chat's row goes in one batch with `alongside` and a mark; its messages follow. */
export async function eraseChat(
  env: Environment,
  instance: string,
  chatId: string,
  { keepsChat = false, alongside, upToOrder }: ErasedWith,
  nowMs: number,
): Promise<void> {
  refresh(env);
  const key = chatKey(instance, chatId);
  const found = env.db.chats.get(key);
  const erasing: Erasing = { instance, chatId, upToOrder: upToOrder ?? Number.MAX_SAFE_INTEGER };
  const rows: Row[] = [
    { db: 'meta', key: erasingChatKey(instance, chatId), value: pack(erasing) },
    ...alongside,
  ];
  if (found && !keepsChat)
    rows.push(
      { db: 'chats', key, value: null },
      { db: 'chatsByTime', key: chatByTimeKey(instance, readChat(found).at, chatId), value: null },
    );
  await writeRows(env, rows);
  await finishChat(env, erasing, nowMs);
}

/** Finishes what a kill interrupted. The owner calls it before anything else reads the store. */
export async function resumeChatErasures(env: Environment, nowMs: number): Promise<void> {
  refresh(env);
  const marks = entriesIn(env.db.meta, below(erasingChatPrefix, Number.MAX_SAFE_INTEGER));
  for (const { value } of marks) await finishChat(env, unpack(plainBytes(value)) as Erasing, nowMs);
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

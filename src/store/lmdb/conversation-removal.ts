/**
 * What goes when a message goes: its row, its places in the lists, its marks, and of a sent message the record,
 * once no retry receipt can ask for it any more. Pure but for the reads; used by erasure and expiry.
 */

import { pack } from '../codec.ts';
import type { Mark } from '../conversation-ports.ts';
import { sentRetentionMs } from '../retention.ts';
import {
  byChatKey,
  byTimeKey,
  isReference,
  markKey,
  marksOf,
  messageKey,
  type Placed,
  type Reference,
  readMessage,
} from './conversation-layout.ts';
import { type Environment, type Row, refresh } from './databases.ts';
import { sentKey } from './layout.ts';
import { below, keysIn } from './range.ts';
import { sentGone, sentTimestamp } from './sent-layout.ts';

const marksMax = 4_096;

/** The record goes, or it stays for retry receipts and (`isErased`) is shown no more. */
function sentRows(
  { db }: Environment,
  instance: string,
  reference: Reference,
  isErased: boolean,
  nowMs: number,
): Row[] {
  const key = sentKey(instance, reference.id);
  const value = db.sent.get(key);
  if (!value) return [];
  if (sentTimestamp(value) < nowMs - sentRetentionMs) return sentGone(key);
  if (!isErased) return [];
  const mark: Mark = { kind: 'hidden', at: nowMs };
  const hidden = markKey(instance, reference.chatId, reference.id, mark);
  return [{ db: 'marks', key: hidden, value: pack(mark) }];
}

/** What lies outside of the store goes first; only messages that carry a file have anything there. */
export async function tellGone(env: Environment, doomed: readonly Placed[]): Promise<void> {
  if (!env.messagesGone) return;
  const gone = doomed.flatMap((at) => {
    const value = env.db.messages.get(messageKey(at));
    const found = value && readMessage(at.instance, value);
    return found && !isReference(found) && found.view.media ? [found] : [];
  });
  if (gone.length > 0) await env.messagesGone(gone);
  refresh(env);
}

export function removalRows(
  env: Environment,
  at: Placed,
  { isErased, nowMs }: { readonly isErased: boolean; readonly nowMs: number },
): Row[] {
  const { db } = env;
  const key = messageKey(at);
  const value = db.messages.get(key);
  const found = value && readMessage(at.instance, value);
  const marks = keysIn(db.marks, below(marksOf(at), marksMax));
  return [
    { db: 'messages', key, value: null },
    { db: 'messagesByChat', key: byChatKey(at), value: null },
    { db: 'messagesByTime', key: byTimeKey(at), value: null },
    ...marks.map((mark): Row => ({ db: 'marks', key: mark, value: null })),
    ...(found && isReference(found) ? sentRows(env, at.instance, found, isErased, nowMs) : []),
  ];
}

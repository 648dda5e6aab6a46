/**
 * What to send so that something happens to a message, or why WhatsApp would not take it: its apps ignore an edit
 * that comes too late or a deletion by a stranger in silence, so such a request is refused here. Pure; called by
 * `conversations.ts`.
 */
import { AppError } from '../errors.ts';
import { editWindowMs, revokeWindowMs } from '../limits.ts';
import type { MessageOperation, MessageOrder } from '../protocol/conversations.ts';
import { changeTypes, type MessageContent, statusJid, type TargetKey } from '../protocol/message.ts';
import type { StoredMessage } from '../store/conversation-ports.ts';

type Operation<K extends MessageOperation['kind']> = Extract<MessageOperation, { kind: K }>;

const captioned: readonly string[] = ['image', 'video', 'document'];
const minuteMs = 60_000;

const conflict = (why: string): AppError => new AppError('conflict', why);
const isGroup = (jid: string): boolean => jid.endsWith('@g.us');
const isPerson = (jid: string): boolean => jid.endsWith('@s.whatsapp.net') || jid.endsWith('@lid');
const keyOf = ({ key, view }: StoredMessage): TargetKey => ({ id: view.id, ...key });

function assertWithin(message: StoredMessage, windowMs: number, what: string, nowMs: number): void {
  const ageMs = nowMs - message.view.timestamp;
  if (ageMs <= windowMs) return;
  const [age, most] = [ageMs, windowMs].map((ms) => Math.floor(ms / minuteMs));
  throw conflict(`the message is ${age} minutes old: WhatsApp takes ${what} for ${most} minutes`);
}

/** The one thing that is done to a status post. */
const isPostTakenBack = ({ view, key }: StoredMessage, kind: MessageOperation['kind']): boolean =>
  kind === 'delete' && view.fromMe && key.remoteJid === statusJid;

function assertChangeable(message: StoredMessage, kind: MessageOperation['kind']): void {
  const { view, key } = message;
  if (!isGroup(key.remoteJid) && !isPerson(key.remoteJid) && !isPostTakenBack(message, kind))
    throw new AppError('not_supported', `messages of ${key.remoteJid} cannot be changed with this version`);
  if (view.status === 'queued') throw conflict('the message is not sent yet');
  if (view.status === 'failed') throw conflict('the message was never sent: see its error');
}

function edit(message: StoredMessage, { text }: Operation<'edit'>, nowMs: number): MessageContent {
  const { type, fromMe } = message.view;
  if (!fromMe) throw conflict('only the messages of this account can be edited');
  if (type !== 'text' && !captioned.includes(type))
    throw conflict(`a message of type "${type}" has no text to edit`);
  assertWithin(message, editWindowMs, 'edits', nowMs);
  return { type: 'edit', target: keyOf(message), text, original: type === 'text' ? null : message.proto };
}

/** Whether the account administrates the group is known where it is sent. */
function remove(message: StoredMessage, nowMs: number): MessageContent {
  const { view, key } = message;
  if (!view.fromMe && !isGroup(key.remoteJid))
    throw conflict('only its author deletes a message for everyone; for=me deletes it on this account');
  assertWithin(message, revokeWindowMs, 'deletions for everyone', nowMs);
  return { type: 'delete', target: keyOf(message) };
}

/** As it stands now: the latest edit is a whole message too. */
function forward({ view, marks, proto }: StoredMessage): MessageContent {
  const { type, text, media, fromMe } = view;
  const edited = marks.find((mark) => mark.kind === 'edited');
  const original = edited?.proto ?? proto;
  if (original.length === 0) throw conflict('the message is not sent yet');
  const shown = { type, text: edited ? edited.text : text, media };
  return { type: 'forward', original, isOwn: fromMe, directPath: null, shown };
}

function contentFor(message: StoredMessage, operation: MessageOperation, nowMs: number): MessageContent {
  const target = keyOf(message);
  switch (operation.kind) {
    case 'edit':
      return edit(message, operation, nowMs);
    case 'delete':
      return remove(message, nowMs);
    case 'react':
      return { type: 'reaction', target, emoji: operation.emoji };
    case 'pin':
      return { type: 'pin', target, seconds: operation.seconds };
    default:
      return forward(message);
  }
}

/** Null where it is done already. */
export function orderFor(
  message: StoredMessage,
  operation: MessageOperation,
  nowMs: number,
): MessageOrder | null {
  const { view, key, marks } = message;
  if (changeTypes.includes(view.type))
    throw conflict(`"${view.id}" is a change of another message, and none`);
  if (marks.some(({ kind }) => kind === 'deleted')) {
    if (operation.kind === 'delete') return null;
    throw conflict('the message was deleted for everyone');
  }
  if (operation.kind !== 'forward') assertChangeable(message, operation.kind);
  return { chat: key.remoteJid, content: contentFor(message, operation, nowMs) };
}

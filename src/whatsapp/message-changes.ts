/**
 * Messages that change another one: edits, deletions, reactions, pins, votes. Called by the journal (inside the
 * decryption, so that none is lost), by `events.ts`, and by the shard for what this gateway did itself. Reads the
 * store for the poll of a vote, writes nothing.
 */
import { normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Party } from '../protocol/message.ts';
import type { ChangeKind, MessageChange } from '../protocol/message-change.ts';
import type { SentRecord, Store } from '../store/ports.ts';
import { adminDeletion } from './compose/changes.ts';
import { textOf } from './content.ts';
import { type InboundParts, partiesOf, timestampMs } from './inbound.ts';
import { openVote } from './polls.ts';

export interface ChangeParts extends InboundParts {
  readonly conversations: Pick<Store['conversations'], 'messagesOf'>;
}

const { Type } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;
/** Where a pin does not say for how long. */
const pinnedSecondsDefault = 7 * 86_400;

interface Told {
  readonly target: string;
  /** A vote is opened later: that needs its poll. */
  readonly change:
    | Exclude<ChangeKind, { kind: 'vote' }>
    | { kind: 'vote'; vote: proto.Message.IPollEncValue };
}

function ofProtocol(message: proto.Message.IProtocolMessage): Told | undefined {
  const target = message.key?.id;
  if (!target) return undefined;
  if (message.type === Type.REVOKE) return { target, change: { kind: 'deleted' } };
  const edited = message.type === Type.MESSAGE_EDIT ? message.editedMessage : null;
  if (!edited) return undefined;
  const content = normalizeMessageContent(edited) ?? edited;
  return {
    target,
    change: { kind: 'edited', text: textOf(content), proto: proto.Message.encode(edited).finish() },
  };
}

function ofPin(
  { key, type }: proto.Message.IPinInChatMessage,
  seconds: number | null | undefined,
  at: number,
): Told | undefined {
  const target = key?.id;
  if (!target) return undefined;
  const until = type === PinType.PIN_FOR_ALL ? at + (seconds || pinnedSecondsDefault) * 1_000 : null;
  return { target, change: { kind: 'pinned', until } };
}

function toldBy(message: proto.IMessage | null | undefined, at: number): Told | undefined {
  const content = normalizeMessageContent(message);
  if (!content) return undefined;
  const { protocolMessage, reactionMessage, pollUpdateMessage, pinInChatMessage } = content;
  if (protocolMessage) return ofProtocol(protocolMessage);
  const context = message?.messageContextInfo ?? content.messageContextInfo;
  if (pinInChatMessage) return ofPin(pinInChatMessage, context?.messageAddOnDurationInSecs, at);
  const reacted = reactionMessage?.key?.id;
  if (reacted) return { target: reacted, change: { kind: 'reaction', emoji: reactionMessage.text ?? '' } };
  const poll = pollUpdateMessage?.pollCreationMessageKey?.id;
  const vote = pollUpdateMessage?.vote;
  return poll && vote ? { target: poll, change: { kind: 'vote', vote } } : undefined;
}

export const isChange = (message: proto.IMessage | null | undefined): boolean =>
  toldBy(message, 0) !== undefined;

async function opened(
  parts: ChangeParts,
  told: Told,
  { chat, from }: Pick<MessageChange, 'chat' | 'from'>,
): Promise<ChangeKind> {
  if (told.change.kind !== 'vote') return told.change;
  const found = await parts.conversations.messagesOf(parts.instance, told.target);
  const poll = found.find(({ view }) => view.chat.jid === chat.jid) ?? found[0];
  if (!poll) return { kind: 'vote', options: null };
  const { view, proto: bytes } = poll;
  const about = { id: told.target, creator: view.from, proto: bytes };
  return { kind: 'vote', options: openVote(told.change.vote, about, from) };
}

/** Undefined where the message is no change. `edit`: of its stanza, where that is known. */
export async function changeOf(
  parts: ChangeParts,
  message: WAMessage,
  edit?: string,
): Promise<MessageChange | undefined> {
  const at = timestampMs(message.messageTimestamp);
  const told = toldBy(message.message, at);
  const { id, fromMe, remoteJid } = message.key;
  if (!told || !id || !remoteJid) return undefined;
  const { chat, from } = await partiesOf(parts, message);
  return {
    id,
    chat,
    from,
    fromMe: fromMe === true,
    asAdmin: edit === adminDeletion,
    at,
    target: told.target,
    change: await opened(parts, told, { chat, from }),
  };
}

/** What this gateway did itself, once WhatsApp has it. */
export function ownChange(record: SentRecord, from: Party, at: number): MessageChange | undefined {
  const told = toldBy(record.proto && proto.Message.decode(record.proto), at);
  if (!told || told.change.kind === 'vote') return undefined;
  const { id, view } = record;
  const { target, change } = told;
  return { id, chat: view.chat, from, fromMe: true, asAdmin: false, at, target, change };
}

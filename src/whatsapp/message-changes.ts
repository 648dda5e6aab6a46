/**
 * Messages that change another one: edits, deletions, reactions, votes. Called by the journal (inside the
 * decryption, so that none is lost) and by `events.ts`. Reads the store for the poll of a vote, writes nothing.
 */
import { normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { ChangeKind, MessageChange } from '../protocol/message-change.ts';
import type { Store } from '../store/ports.ts';
import { textOf } from './content.ts';
import { type InboundParts, partiesOf, timestampMs } from './inbound.ts';
import { openVote } from './polls.ts';

export interface ChangeParts extends InboundParts {
  readonly conversations: Pick<Store['conversations'], 'messagesOf'>;
}

const { Type } = proto.Message.ProtocolMessage;

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

function toldBy(message: proto.IMessage | null | undefined): Told | undefined {
  const content = normalizeMessageContent(message);
  if (!content) return undefined;
  const { protocolMessage, reactionMessage, pollUpdateMessage } = content;
  if (protocolMessage) return ofProtocol(protocolMessage);
  const reacted = reactionMessage?.key?.id;
  if (reacted) return { target: reacted, change: { kind: 'reaction', emoji: reactionMessage.text ?? '' } };
  const poll = pollUpdateMessage?.pollCreationMessageKey?.id;
  const vote = pollUpdateMessage?.vote;
  return poll && vote ? { target: poll, change: { kind: 'vote', vote } } : undefined;
}

export const isChange = (message: proto.IMessage | null | undefined): boolean =>
  toldBy(message) !== undefined;

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

/** Undefined where the message is no change. */
export async function changeOf(parts: ChangeParts, message: WAMessage): Promise<MessageChange | undefined> {
  const told = toldBy(message.message);
  const { id, fromMe, remoteJid } = message.key;
  if (!told || !id || !remoteJid) return undefined;
  const { chat, from } = await partiesOf(parts, message);
  return {
    id,
    chat,
    from,
    fromMe: fromMe === true,
    at: timestampMs(message.messageTimestamp),
    target: told.target,
    change: await opened(parts, told, { chat, from }),
  };
}

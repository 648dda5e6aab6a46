/**
 * The message that a new one answers: found in the store, and as the context that makes phones show it. Called by
 * `send.ts` and by the shard, which refuses an unknown quote before anything is queued.
 */
import { isJidGroup, isLidUser, proto } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { Me } from '../protocol/instance.ts';
import { changeTypes, type Party, type QuoteView } from '../protocol/message.ts';
import { partyId, type StoredMessage } from '../store/conversation-ports.ts';
import { bareJid } from './addresses.ts';
import type { GroupCache } from './caches.ts';
import { shownPart } from './compose/shown-part.ts';

const isOf = (message: StoredMessage, chat: Party): boolean =>
  message.chatId === partyId(chat) || message.view.chat.jid === chat.jid;

const isQuotable = ({ view, marks }: StoredMessage): boolean =>
  !changeTypes.includes(view.type) && marks.every(({ kind }) => kind !== 'deleted');

/** The one of this chat, else one of another chat: what is answered in private. `ambiguous_message`. */
export function quotedOf(messages: readonly StoredMessage[], chat: Party): StoredMessage | undefined {
  const found = messages.filter(isQuotable);
  const here = found.find((message) => isOf(message, chat));
  if (here || found.length < 2) return here ?? found[0];
  throw new AppError(
    'ambiguous_message',
    `${found.length} chats have the message that is quoted, and ${chat.jid} is none of them`,
  );
}

function current(message: StoredMessage): { readonly text: string | null; readonly proto: Uint8Array } {
  for (const mark of message.marks) if (mark.kind === 'edited') return mark;
  return { text: message.view.text, proto: message.proto };
}

export const quoteViewOf = (message: StoredMessage): QuoteView => ({
  id: message.view.id,
  from: message.view.from,
  type: message.view.type,
  text: current(message).text,
});

/** This account as the chat addresses its members. */
async function ownJid(to: string, me: Me, groups: Pick<GroupCache, 'get'>): Promise<string> {
  const isLid = isJidGroup(to) ? (await groups.get(to))?.addressingMode !== 'pn' : isLidUser(to);
  return (isLid ? me.lid : me.pn) ?? me.jid;
}

function shownOf(message: StoredMessage): proto.IMessage {
  const shown = shownPart(proto.Message.decode(current(message).proto));
  if (!shown) return { conversation: '' };
  const { contextInfo: _, ...part } = shown.part;
  return { [shown.name]: part };
}

/** Of a message that is not kept only a chat of two says who wrote it. */
export async function quoteContext(
  quoted: StoredMessage | undefined,
  id: string,
  chat: Party,
  parts: { readonly groups: Pick<GroupCache, 'get'>; me(): Me },
): Promise<proto.IContextInfo> {
  const { jid } = chat;
  if (!quoted) return { stanzaId: id, participant: bareJid(jid), quotedMessage: { conversation: '' } };
  const { key } = quoted;
  const participant = key.fromMe
    ? await ownJid(jid, parts.me(), parts.groups)
    : (key.participant ?? bareJid(key.remoteJid));
  const elsewhere = isOf(quoted, chat) ? {} : { remoteJid: key.remoteJid };
  return { stanzaId: id, participant, quotedMessage: shownOf(quoted), ...elsewhere };
}

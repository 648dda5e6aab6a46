/**
 * Turns Baileys' message into the API's: who, where, what, when, with both addresses of each party where
 * known. Called by the journal (inside the decryption) and by `events.ts`; never sends or stores anything.
 */
import { isJidBroadcast, isJidGroup, type proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Me } from '../protocol/instance.ts';
import type { Party, QuoteView, ReceivedMessage } from '../protocol/message.ts';
import { mineOf, resolvedParty } from './addresses.ts';
import { mediaOf, quoteOf, textOf, typeOf, visibleContent } from './content.ts';
import type { LidMapping } from './lid-mapping.ts';

export interface InboundParts {
  readonly instance: string;
  readonly lids: LidMapping;
  me(): Me;
}

interface Parties {
  readonly chat: Party;
  readonly from: Party;
  readonly to: Party;
}

const hasMembers = (jid: string): boolean => Boolean(isJidGroup(jid) || isJidBroadcast(jid));

export async function partiesOf(parts: InboundParts, message: WAMessage): Promise<Parties> {
  const { remoteJid, remoteJidAlt, participant, participantAlt, fromMe } = message.key;
  const jid = remoteJid ?? '';
  const chat = hasMembers(jid)
    ? { jid, pn: null, lid: null }
    : await resolvedParty(parts.lids, jid, fromMe ? null : (remoteJidAlt ?? null));
  const me = mineOf(parts.me());
  if (fromMe) return { chat, from: me, to: chat };
  if (!hasMembers(jid) || !participant) return { chat, from: chat, to: me };
  // In broadcasts Baileys has the writer's other address where that of the chat would be.
  const from = await resolvedParty(parts.lids, participant, participantAlt ?? remoteJidAlt ?? null);
  return { chat, from, to: isJidGroup(jid) ? chat : me };
}

/** Seconds, as number, Long or text, to milliseconds. */
export const timestampMs = (seconds: unknown): number => Number(String(seconds ?? 0)) * 1000;

/** With both addresses of its author where known. */
async function quoteFor(parts: InboundParts, content: proto.IMessage): Promise<QuoteView | null> {
  const quote = quoteOf(content);
  return quote?.from ? { ...quote, from: await resolvedParty(parts.lids, quote.from.jid) } : quote;
}

/** The message, or undefined where there is nothing to tell (keys, protocol, an undecryptable stub). */
export async function receivedMessage(
  parts: InboundParts,
  message: WAMessage,
  offline: boolean,
): Promise<ReceivedMessage | undefined> {
  const content = visibleContent(message.message);
  const { id, fromMe } = message.key;
  if (!content || !id || !message.key.remoteJid) return undefined;
  const timestamp = timestampMs(message.messageTimestamp);
  return {
    id,
    instance: parts.instance,
    ...(await partiesOf(parts, message)),
    fromMe: fromMe === true,
    type: typeOf(content),
    text: textOf(content),
    media: mediaOf(content),
    quote: await quoteFor(parts, content),
    timestamp,
    status: fromMe ? 'sent' : 'delivered',
    statusAt: timestamp,
    error: null,
    pushName: fromMe ? parts.me().name : (message.pushName ?? null),
    offline,
  };
}

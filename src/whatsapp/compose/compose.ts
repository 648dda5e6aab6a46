/**
 * What is to be sent as WhatsApp's message: one composer a type, in a file of its own beside this one, and
 * what the relay of a type needs besides. Called by `send.ts`; composers never send and never store.
 */
import type { MessageRelayOptions, proto } from '@whiskeysockets/baileys';
import type { MessageContent } from '../../protocol/message.ts';
import type { ComposeContext, Composer, ContentOf, MessageType } from './compose-context.ts';
import { composeMedia } from './media.ts';
import { composeContact, composeEvent, composeLocation, composePoll } from './simple.ts';
import { composeText } from './text.ts';

const composers: { readonly [T in MessageType]: Composer<T> } = {
  audio: composeMedia,
  contact: composeContact,
  document: composeMedia,
  event: composeEvent,
  image: composeMedia,
  location: composeLocation,
  poll: composePoll,
  sticker: composeMedia,
  text: composeText,
  video: composeMedia,
  video_note: composeMedia,
  voice: composeMedia,
};

/** What the receiving apps are told beside the message, by type. */
const metaAttributes: Partial<Readonly<Record<MessageType, Readonly<Record<string, string>>>>> = {
  event: { event_type: 'creation' },
  poll: { polltype: 'creation' },
};

export function compose<T extends MessageType>(
  content: ContentOf<T>,
  context: ComposeContext,
): Promise<proto.IMessage> {
  const composer: Composer<T> = composers[content.type as T];
  return composer(content, context);
}

export type RelayExtras = Pick<
  MessageRelayOptions,
  'additionalAttributes' | 'additionalNodes' | 'statusJidList'
>;

/** Stanza attributes and audience of a type, made from the content alone: a repeat has the same ones. */
export function relayExtras({ type }: MessageContent): RelayExtras {
  const attrs = metaAttributes[type];
  return attrs ? { additionalNodes: [{ tag: 'meta', attrs }] } : {};
}

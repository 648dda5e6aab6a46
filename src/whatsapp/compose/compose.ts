/**
 * What is to be sent as WhatsApp's message: one composer a type, in a file of its own beside this one, and
 * what the relay of a type needs besides. Called by `send.ts`; composers never send and never store.
 */
import type { MessageRelayOptions, proto } from '@whiskeysockets/baileys';
import type { MessageContent } from '../../protocol/message.ts';
import type { ComposeContext, Composer, ContentOf, MessageType } from './compose-context.ts';
import { composeText } from './text.ts';

const composers: { readonly [T in MessageType]: Composer<T> } = {
  text: composeText,
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
export function relayExtras(_content: MessageContent): RelayExtras {
  return {};
}

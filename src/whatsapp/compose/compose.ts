/**
 * What is to be sent as WhatsApp's message: one composer a type, in a file of its own beside this one, and
 * what the relay of a type needs besides. Called by `send.ts`; composers never send and never store.
 */
import type { MessageRelayOptions, proto } from '@whiskeysockets/baileys';
import type { MessageContent } from '../../protocol/message.ts';
import {
  adminDeletion,
  composeDelete,
  composeEdit,
  composePin,
  composeReaction,
  isByAdmin,
} from './changes.ts';
import type { ComposeContext, Composer, ContentOf, MessageType } from './compose-context.ts';
import { composeForward } from './forward.ts';
import { composeMedia } from './media.ts';
import { composeContact, composeEvent, composeLocation, composePoll } from './simple.ts';
import { composeText } from './text.ts';

const composers: { readonly [T in MessageType]: Composer<T> } = {
  audio: composeMedia,
  contact: composeContact,
  delete: composeDelete,
  document: composeMedia,
  edit: composeEdit,
  event: composeEvent,
  forward: composeForward,
  image: composeMedia,
  location: composeLocation,
  pin: composePin,
  poll: composePoll,
  reaction: composeReaction,
  sticker: composeMedia,
  text: composeText,
  video: composeMedia,
  video_note: composeMedia,
  voice: composeMedia,
};

/** What the receiving apps are told beside the message, by type. */
const metaAttributes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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

/** What is done to another message, in WhatsApp's numbers; without it servers and apps see a message of its own. */
function editAttribute(content: MessageContent): '1' | '2' | '7' | typeof adminDeletion | null {
  switch (content.type) {
    case 'edit':
      return '1';
    case 'pin':
      return '2';
    case 'delete':
      return isByAdmin(content.target) ? adminDeletion : '7';
    // An empty reaction deletes the one before.
    case 'reaction':
      return content.emoji === '' ? '7' : null;
    default:
      return null;
  }
}

/** Stanza attributes and audience of a type, made from the content alone: a repeat has the same ones. */
export function relayExtras(content: MessageContent): RelayExtras {
  const edit = editAttribute(content);
  const audience = 'audience' in content ? content.audience : undefined;
  const attrs = edit
    ? undefined
    : metaAttributes[content.type === 'forward' ? content.shown.type : content.type];
  return {
    ...(edit ? { additionalAttributes: { edit } } : {}),
    ...(attrs ? { additionalNodes: [{ tag: 'meta', attrs }] } : {}),
    ...(audience ? { statusJidList: [...audience] } : {}),
  };
}

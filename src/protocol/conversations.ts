/**
 * Messages, chats and contacts as they are kept, for front ends: read on the main thread from the store, never
 * asked of a shard (DECISIONS 11). Implemented in `src/directory/conversations.ts`.
 */
import type { MessageContent, MessageView, Party, TargetKey } from './message.ts';

/** One page of a list; `next` null at the end. */
interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A message with what happened to it since. */
export interface MessageDetail extends MessageView {
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  readonly isStarred: boolean;
  /** ms since the epoch; null: not pinned. */
  readonly pinnedUntil: number | null;
  readonly reactions: readonly { readonly from: Party; readonly emoji: string; readonly at: number }[];
  readonly votes: readonly {
    readonly from: Party;
    readonly options: readonly string[];
    readonly at: number;
  }[];
}

/** What is known of a chat, as it is stored and shown. */
export interface ChatState {
  /** Stored: of a group or newsletter. Shown: a person's from the contacts, too. */
  readonly name: string | null;
  /** When it last changed, ms: its place in the list, newest first. 0: nothing was written in it yet. */
  readonly at: number;
  readonly unread: number;
  readonly isMarkedUnread: boolean;
  readonly isArchived: boolean;
  readonly isPinned: boolean;
  /** ms since the epoch; null: not muted. */
  readonly mutedUntil: number | null;
  readonly ephemeralSeconds: number | null;
}

export interface ChatView extends Party, ChatState {
  readonly lastMessage: MessageDetail | null;
}

export interface ContactNames {
  /** As saved in the address book of the phone. */
  readonly name: string | null;
  /** As the contact calls itself. */
  readonly pushName: string | null;
  readonly businessName: string | null;
}

export interface ContactView extends Party, ContactNames {}

export interface MessageListQuery {
  /** An address as the caller wrote it; null: of all chats. */
  readonly chat: string | null;
  /** ms since the epoch, compared in whole seconds: `after` inclusive, `before` exclusive. */
  readonly before: number | null;
  readonly after: number | null;
  readonly type: string | null;
  readonly order: 'newest' | 'oldest';
  readonly cursor: string | null;
  readonly limit: number;
}

/** A message that something is to be done to, on this account alone. */
export interface MessageTarget {
  readonly key: TargetKey;
  /** Under which id the store has its chat. */
  readonly chatId: string;
  readonly view: MessageDetail;
}

/** What can be done to a kept message by sending something. */
export type MessageOperation =
  | { readonly kind: 'edit'; readonly text: string }
  /** For everyone. */
  | { readonly kind: 'delete' }
  /** An empty emoji takes the reaction back. */
  | { readonly kind: 'react'; readonly emoji: string }
  /** For how long; null: no longer. */
  | { readonly kind: 'pin'; readonly seconds: number | null }
  | { readonly kind: 'forward' };

/** What to send for an operation. `chat` is the JID of the message's chat, as it is written to. */
export interface MessageOrder {
  readonly chat: string;
  readonly content: MessageContent;
}

export interface Conversations {
  /** `ambiguous_message` where several chats have one of this id and `chat` is null. */
  message(instance: string, id: string, chat: string | null): Promise<MessageDetail | undefined>;
  /** As `message`; `not_found`. */
  target(instance: string, id: string, chat: string | null): Promise<MessageTarget>;
  /** As `target`; null where it is done already, `conflict` or `not_supported` where WhatsApp would not take it. */
  order(
    instance: string,
    id: string,
    chat: string | null,
    operation: MessageOperation,
  ): Promise<MessageOrder | null>;
  messages(instance: string, query: MessageListQuery): Promise<Page<MessageDetail>>;
  /** Newest first. */
  chats(instance: string, cursor: string | null, limit: number): Promise<Page<ChatView>>;
  chat(instance: string, address: string): Promise<ChatView | undefined>;
  contacts(instance: string, cursor: string | null, limit: number): Promise<Page<ContactView>>;
  contact(instance: string, address: string): Promise<ContactView | undefined>;
}

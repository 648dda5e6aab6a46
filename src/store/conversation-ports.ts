/**
 * What the store keeps of messages, chats and contacts (DECISIONS 3), and the reads over it. Part of the ports:
 * written through `commit` in the batch of the event that they belong to, read by any thread. A message that
 * this gateway sent lives in its `SentRecord`; here it is only listed.
 */
import type { ChatState, ContactNames, MessageListQuery } from '../protocol/conversations.ts';
import type { MessageView, Party } from '../protocol/message.ts';

type Awaitable<T> = T | Promise<T>;

/** How WhatsApp addressed a message: what receipts, quotes, edits and reactions refer to it by. */
export interface MessageKey {
  readonly remoteJid: string;
  readonly fromMe: boolean;
  /** The sender in a group, broadcast list or status. */
  readonly participant: string | null;
}

/** Where a message stands in its lists: WhatsApp's times are whole seconds, `order` tells within one. */
export interface MessagePlace {
  /** ms since the epoch. */
  readonly at: number;
  /** Grows with every message that the instance takes in. */
  readonly order: number;
}

/** A message that came in, or that another device of the account sent. */
export interface KeptMessage {
  /** `partyId` of the chat: one chat, however it is addressed. */
  readonly chatId: string;
  readonly place: MessagePlace;
  readonly view: MessageView;
  readonly key: MessageKey;
  readonly pushName: string | null;
  /** Encoded WAProto Message: media keys, secrets, what a quote or a forward repeats. */
  readonly proto: Uint8Array;
}

/** What happened to a message after it was sent; one row a mark, so that none overwrites another. */
export type Mark =
  | { readonly kind: 'edited'; readonly text: string | null; readonly at: number; readonly proto: Uint8Array }
  | { readonly kind: 'deleted'; readonly at: number; readonly by: Party }
  /** Deleted for this account alone, while a retry receipt may still ask for it. */
  | { readonly kind: 'hidden'; readonly at: number }
  | { readonly kind: 'starred'; readonly isOn: boolean; readonly at: number }
  /** Until null: no longer pinned. */
  | { readonly kind: 'pinned'; readonly until: number | null; readonly at: number }
  /** An empty emoji takes the reaction back. */
  | { readonly kind: 'reaction'; readonly from: Party; readonly emoji: string; readonly at: number }
  | { readonly kind: 'vote'; readonly from: Party; readonly options: readonly string[]; readonly at: number };

/**
 * Told before messages are removed, so that what lies outside of the store goes with them: a kill in between leaves
 * them here, to be removed again.
 */
export type MessagesGone = (messages: readonly KeptMessage[]) => Promise<void>;

export interface StoredMessage extends KeptMessage {
  /** At most one of each kind, but reactions and votes: one a person. */
  readonly marks: readonly Mark[];
}

export interface ChatRecord extends ChatState {
  readonly instance: string;
  /** `partyId` of `party`. */
  readonly id: string;
  readonly party: Party;
  readonly lastMessageId: string | null;
}

export interface ContactRecord extends ContactNames {
  readonly instance: string;
  readonly id: string;
  readonly party: Party;
}

/** One change; `null` removes. Part of `StoreWrite`. */
export type ConversationWrite =
  | { to: 'message'; message: KeptMessage }
  /** A sent message takes its place in the lists. */
  | { to: 'listed'; instance: string; chatId: string; id: string; place: MessagePlace; type: string }
  | { to: 'mark'; instance: string; chatId: string; id: string; mark: Mark }
  /** `listedAt`: the `at` of the record that this one replaces, null for a new chat. */
  | { to: 'chat'; record: ChatRecord; listedAt: number | null }
  /** Its messages are not touched: see `eraseChat`. */
  | { to: 'chatGone'; instance: string; id: string; listedAt: number }
  | { to: 'contact'; record: ContactRecord };

/** As front ends ask, of the chat under its id here. */
export interface MessageQuery extends Omit<MessageListQuery, 'chat'> {
  /** Null: of all chats. */
  readonly chatId: string | null;
}

/** What of a chat is removed: one message, or all (`upTo` null) or those not younger than a time in ms. */
export type MessageErasure = { readonly id: string } | { readonly upTo: number | null };

/** `next` is null at the end; a page may be shorter than its limit and go on. */
export interface StorePage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface ConversationStore {
  /** Every message of this id: usually one, else one a chat. */
  messagesOf(instance: string, id: string): Awaitable<readonly StoredMessage[]>;
  messages(instance: string, query: MessageQuery): Awaitable<StorePage<StoredMessage>>;
  chat(instance: string, id: string): Awaitable<ChatRecord | undefined>;
  /** Newest first. */
  chats(instance: string, cursor: string | null, limit: number): Awaitable<StorePage<ChatRecord>>;
  contact(instance: string, id: string): Awaitable<ContactRecord | undefined>;
  contacts(instance: string, cursor: string | null, limit: number): Awaitable<StorePage<ContactRecord>>;
}

/** One person has one id, whatever the addressing: the LID where it is known. */
export const partyId = ({ jid, pn, lid }: Party): string => lid ?? pn ?? jid;

/**
 * `Conversations` over the store: which chat an address means, which message an id, and both as front ends show
 * them. Every read is bounded. Called by `commands.ts`; never asks a shard and never writes.
 */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { Page } from '../protocol/commands.ts';
import type {
  ChatView,
  ContactView,
  Conversations,
  MessageDetail,
  MessageListQuery,
  MessageOperation,
  MessageOrder,
  MessageTarget,
} from '../protocol/conversations.ts';
import type { ChatRecord, ContactRecord, Mark, StoredMessage } from '../store/conversation-ports.ts';
import type { Store } from '../store/ports.ts';
import { idsOf } from './known-addresses.ts';
import { orderFor } from './message-orders.ts';

type Parts = Pick<Store, 'conversations' | 'sessions'>;
type Of<K extends Mark['kind']> = Extract<Mark, { kind: K }>;

function marksOf<K extends Mark['kind']>(message: StoredMessage, kind: K): Of<K>[] {
  return message.marks.filter((mark): mark is Of<K> => mark.kind === kind);
}

/** The message as it stands now: edited text, nothing of a deleted one. */
export function detailOf(message: StoredMessage): MessageDetail {
  const { view } = message;
  const [edited] = marksOf(message, 'edited');
  const [deleted] = marksOf(message, 'deleted');
  const shown = edited ? { text: edited.text } : {};
  const gone = deleted ? { text: null, media: null, quote: null } : {};
  return {
    ...view,
    ...shown,
    ...gone,
    editedAt: edited?.at ?? null,
    deletedAt: deleted?.at ?? null,
    isStarred: marksOf(message, 'starred').length > 0,
    pinnedUntil: marksOf(message, 'pinned')[0]?.until ?? null,
    reactions: marksOf(message, 'reaction').map(({ from, emoji, at }) => ({ from, emoji, at })),
    votes: marksOf(message, 'vote').map(({ from, options, at }) => ({ from, options, at })),
  };
}

const contactOf = ({ party, name, pushName, businessName }: ContactRecord): ContactView => ({
  ...party,
  name,
  pushName,
  businessName,
});

export class StoredConversations implements Conversations {
  readonly #store: Parts;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(store: Parts, clock: Pick<Clock, 'now'>) {
    this.#store = store;
    this.#clock = clock;
  }

  async message(instance: string, id: string, chat: string | null): Promise<MessageDetail | undefined> {
    const found = await this.#find(instance, id, chat);
    return found && detailOf(found);
  }

  async target(instance: string, id: string, chat: string | null): Promise<MessageTarget> {
    const found = await this.#required(instance, id, chat);
    return { key: { id, ...found.key }, chatId: found.chatId, view: detailOf(found) };
  }

  async order(
    instance: string,
    id: string,
    chat: string | null,
    operation: MessageOperation,
  ): Promise<MessageOrder | null> {
    return orderFor(await this.#required(instance, id, chat), operation, this.#clock.now());
  }

  async messages(instance: string, query: MessageListQuery): Promise<Page<MessageDetail>> {
    const { chat, ...rest } = query;
    const chatId = chat === null ? null : await this.#chatId(instance, chat);
    const page = await this.#store.conversations.messages(instance, { ...rest, chatId });
    return { items: page.items.map(detailOf), next: page.next };
  }

  async chats(instance: string, cursor: string | null, limit: number): Promise<Page<ChatView>> {
    const page = await this.#store.conversations.chats(instance, cursor, limit);
    return { items: await Promise.all(page.items.map((chat) => this.#chatView(chat))), next: page.next };
  }

  async chat(instance: string, address: string): Promise<ChatView | undefined> {
    const found = await this.#store.conversations.chat(instance, await this.#chatId(instance, address));
    return found && this.#chatView(found);
  }

  async contacts(instance: string, cursor: string | null, limit: number): Promise<Page<ContactView>> {
    const page = await this.#store.conversations.contacts(instance, cursor, limit);
    return { items: page.items.map(contactOf), next: page.next };
  }

  async contact(instance: string, address: string): Promise<ContactView | undefined> {
    for (const id of await idsOf(this.#store.sessions, instance, address)) {
      const found = await this.#store.conversations.contact(instance, id);
      if (found) return contactOf(found);
    }
    return undefined;
  }

  /** The first of the possible ids that has a chat, else the likeliest. */
  async #chatId(instance: string, address: string): Promise<string> {
    const ids = await idsOf(this.#store.sessions, instance, address);
    for (const id of ids) if (await this.#store.conversations.chat(instance, id)) return id;
    return ids[0] ?? address;
  }

  async #required(instance: string, id: string, chat: string | null): Promise<StoredMessage> {
    const found = await this.#find(instance, id, chat);
    if (!found) throw new AppError('not_found', `there is no message "${id}"`);
    return found;
  }

  async #find(instance: string, id: string, chat: string | null): Promise<StoredMessage | undefined> {
    const found = await this.#store.conversations.messagesOf(instance, id);
    if (chat === null) {
      if (found.length > 1)
        throw new AppError(
          'ambiguous_message',
          `${found.length} chats have a message "${id}": say which with ?chat=`,
        );
      return found[0];
    }
    const ids = await idsOf(this.#store.sessions, instance, chat);
    return found.find(({ chatId, view }) => ids.includes(chatId) || ids.includes(view.chat.jid));
  }

  /** Where the last message itself was deleted on this account. */
  async #newest({ instance, id: chatId }: ChatRecord): Promise<StoredMessage | undefined> {
    const query = { chatId, before: null, after: null, type: null, cursor: null, limit: 1 } as const;
    const page = await this.#store.conversations.messages(instance, { ...query, order: 'newest' });
    return page.items[0];
  }

  async #chatView(chat: ChatRecord): Promise<ChatView> {
    const { conversations } = this.#store;
    const { instance, id, party, lastMessageId, ...state } = chat;
    const contact = chat.name === null ? await conversations.contact(instance, id) : undefined;
    const last = lastMessageId === null ? [] : await conversations.messagesOf(instance, lastMessageId);
    const message = last.find(({ chatId }) => chatId === id) ?? (lastMessageId && (await this.#newest(chat)));
    return {
      ...party,
      ...state,
      name: chat.name ?? contact?.name ?? contact?.pushName ?? null,
      lastMessage: message ? detailOf(message) : null,
    };
  }
}

/**
 * Keeps what the phone had before the device was linked: chats, contacts and messages that are not kept yet and are
 * young enough. No message of it is an event; `history.synced` tells of a whole chunk. Made by `records.ts`.
 */
import { partyId } from '../store/conversation-ports.ts';
import type { Store, StoreWrite } from '../store/ports.ts';
import type { HistoryChat, HistoryMessage, HistoryPart } from '../whatsapp/wa-socket.ts';
import type { ChatBook } from './chat-book.ts';

export interface HistoryOptions {
  readonly instance: string;
  readonly store: Pick<Store, 'conversations'>;
  readonly book: ChatBook;
  /** ms since the epoch: what is older is not kept. */
  oldestKept(): number;
  commit(writes: readonly StoreWrite[]): Promise<void>;
}

export class HistoryRecorder {
  #options: HistoryOptions;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  async store({ chats, contacts }: HistoryPart): Promise<number> {
    const { book, commit } = this.#options;
    const writes: StoreWrite[] = [];
    let count = 0;
    for (const { party, names } of contacts) writes.push(...(await book.contact(party, names)));
    for (const chat of chats) {
      const fresh = await this.#fresh(chat);
      count += fresh.length;
      writes.push(...fresh.flatMap((one) => this.#messageWrites(partyId(chat.party), one)));
      writes.push(...(await book.synced(chat.party, chat.state, newestOf(fresh))));
    }
    if (writes.length > 0) await commit(writes);
    return count;
  }

  async #fresh({ party, messages }: HistoryChat): Promise<HistoryMessage[]> {
    const { instance, store, oldestKept } = this.#options;
    const chatId = partyId(party);
    const fresh: HistoryMessage[] = [];
    for (const one of messages) {
      if (one.message.timestamp < oldestKept()) continue;
      const known = await store.conversations.messagesOf(instance, one.message.id);
      if (!known.some((message) => message.chatId === chatId)) fresh.push(one);
    }
    return fresh;
  }

  #messageWrites(chatId: string, { message, source, order, marks }: HistoryMessage): StoreWrite[] {
    const { pushName, offline: _, ...view } = message;
    const place = { at: view.timestamp, order };
    const kept = { chatId, place, view, key: source.key, pushName, proto: source.proto };
    const { instance, id } = view;
    return [
      { to: 'message', message: kept },
      ...marks.map((mark): StoreWrite => ({ to: 'mark', instance, chatId, id, mark })),
    ];
  }
}

const newestOf = (messages: readonly HistoryMessage[]): { id: string; at: number } | null => {
  const newest = messages.reduce<HistoryMessage | null>(
    (best, one) => (best && best.message.timestamp >= one.message.timestamp ? best : one),
    null,
  );
  return newest && { id: newest.message.id, at: newest.message.timestamp };
};

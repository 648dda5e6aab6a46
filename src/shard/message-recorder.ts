/**
 * Messages that came in, or that another device sent, and what changed them, as the writes that make them
 * durable: the event, its dedupe entry, and what is kept of it. The caller commits them, with the Signal session
 * where it can. Called by `instance.ts`.
 */
import { iso } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { EventData, NewEvent } from '../protocol/events.ts';
import { isChangeContent, type Party, type QuoteView, type ReceivedMessage } from '../protocol/message.ts';
import type { MessageChange } from '../protocol/message-change.ts';
import type { SentRecord, Store, StoreWrite } from '../store/ports.ts';
import { ownChange } from '../whatsapp/message-changes.ts';
import { quotedOf, quoteViewOf } from '../whatsapp/quotes.ts';
import type { MessageSource } from '../whatsapp/wa-socket.ts';
import { ChatBook, type ChatBookOptions } from './chat-book.ts';
import { followed, isOf } from './followed-events.ts';
import { MessageChanges } from './message-changes.ts';

export interface RecorderOptions extends ChatBookOptions {
  readonly store: Pick<Store, 'outbox' | 'conversations' | 'moveChat' | 'eraseChat'>;
  writeEvent(event: NewEvent): StoreWrite;
  /** After a batch that did not go through `commit`. */
  committed(writes: readonly StoreWrite[]): void;
}

export class MessageRecorder {
  #options: RecorderOptions;
  #changes: MessageChanges;
  /** The events before: the next ones follow them in the log. */
  #prepared: Promise<unknown> = Promise.resolve();
  readonly book: ChatBook;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#changes = new MessageChanges(options);
    this.book = new ChatBook(options);
  }

  /** Nothing where (chat, sender, id) already is an event. */
  async writes(
    type: 'message.received' | 'message.sent',
    message: ReceivedMessage,
    source: MessageSource,
  ): Promise<StoreWrite[]> {
    const { instance, store } = this.#options;
    const { chat, from, id } = message;
    // The JIDs as WhatsApp addressed them: a redelivery has the same ones, whatever was learnt meanwhile.
    const key = { instance, chat: chat.jid, sender: from.jid, id };
    if ((await store.outbox.seqOf(instance, key.chat, key.sender, id)) !== undefined) return [];
    const data = { ...message, timestamp: iso(message.timestamp), statusAt: iso(message.statusAt) };
    const write = this.#options.writeEvent({ type, chat: key.chat, data });
    if (write.to !== 'event') return [];
    const kept = await this.book.kept(message, source);
    return [write, { to: 'dedupe', ...key, seq: write.event.seq }, ...kept];
  }

  change(change: MessageChange): Promise<StoreWrite[]> {
    return this.#changes.writes(change);
  }

  /** WhatsApp took what this gateway did to a message: the same event and mark as when somebody else does it. */
  async effects(record: SentRecord, at: number): Promise<StoreWrite[]> {
    const change = ownChange(record, record.view.from, at);
    return change ? this.#changes.writes(change) : [];
  }

  /** A change of another message stands in no list. */
  async listed(record: SentRecord): Promise<StoreWrite[]> {
    return isChangeContent(record.content) ? [] : this.book.listed(record);
  }

  /**
   * What a new message in this chat answers. Null where nothing is kept and the chat says who wrote it; `not_found`,
   * `ambiguous_message`.
   */
  async quoted(id: string, chat: Party): Promise<QuoteView | null> {
    const { instance, store, settings } = this.#options;
    const found = quotedOf(await store.conversations.messagesOf(instance, id), chat);
    if (found) return quoteViewOf(found);
    const isPerson = chat.pn !== null || chat.lid !== null;
    if (isPerson && !settings().storeMessages) return null;
    throw new AppError('not_found', `there is no message "${id}" to quote in the store`);
  }

  /**
   * Makes events durable, with what follows from them, in the order of the calls. A chat that was deleted goes with
   * its event; resolves when its messages are gone too.
   */
  async raise(events: readonly NewEvent[], writes: readonly StoreWrite[]): Promise<void> {
    const before = this.#prepared;
    const prepared = this.#prepare(before, events);
    this.#prepared = prepared;
    const all = [...writes, ...(await prepared)];
    const deleted = events.find((event) => isOf(event, 'chat.deleted'));
    await (deleted ? this.#erase(deleted.data, all) : this.#options.commit(all));
  }

  async #prepare(before: Promise<unknown>, events: readonly NewEvent[]): Promise<StoreWrite[]> {
    await before.catch(() => undefined);
    const follows = await followed(this.book, events);
    return [...events.map((event) => this.#options.writeEvent(event)), ...follows];
  }

  async #erase(
    { chat, messagesOnly }: EventData['chat.deleted'],
    writes: readonly StoreWrite[],
  ): Promise<void> {
    const { instance, store, committed } = this.#options;
    const { chatId, upToOrder, writes: own } = await this.book.removed(chat, messagesOnly);
    const alongside = [...own, ...writes];
    await store.eraseChat(instance, chatId, { keepsChat: messagesOnly, alongside, upToOrder });
    committed(alongside);
  }

  /** Makes the events of one notification durable; nothing where it already was recorded. */
  async recordNotice(chat: string, id: string, events: readonly NewEvent[]): Promise<void> {
    const { instance, store } = this.#options;
    const key = { instance, chat, sender: 'notification', id };
    if ((await store.outbox.seqOf(instance, chat, key.sender, id)) !== undefined) return;
    const writes = events.map((event) => this.#options.writeEvent(event));
    const [first] = writes;
    if (first?.to === 'event') writes.push({ to: 'dedupe', ...key, seq: first.event.seq });
    writes.push(...(await followed(this.book, events)));
    await this.#options.commit(writes);
  }
}

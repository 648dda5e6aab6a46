/**
 * Chats, contacts and kept messages of one instance, as writes that join the batch of the event that they come
 * with. Holds the latest records of the chats in use, so that two batches on their way never overwrite one
 * another's count. Called by the instance actor alone; nothing is kept where `storeMessages` is off.
 */
import type { Clock } from '../clock.ts';
import { chatsCachedMax } from '../limits.ts';
import type { ChatState } from '../protocol/conversations.ts';
import type { InstanceSettings } from '../protocol/instance.ts';
import type { Party, ReceivedMessage } from '../protocol/message.ts';
import {
  type ChatRecord,
  type ContactRecord,
  type MessagePlace,
  partyId,
} from '../store/conversation-ports.ts';
import type { SentRecord, Store, StoreWrite } from '../store/ports.ts';
import { BoundedMap } from '../whatsapp/bounded-map.ts';
import type { MessageSource } from '../whatsapp/wa-socket.ts';

export interface ChatBookOptions {
  readonly instance: string;
  readonly store: Pick<Store, 'conversations' | 'moveChat'>;
  readonly clock: Clock;
  settings(): Pick<InstanceSettings, 'storeMessages' | 'readMessages'>;
  /** Work that nobody waits for. */
  later(work: Promise<void>): void;
  commit(writes: readonly StoreWrite[]): Promise<void>;
  /** What WhatsApp says a group is called; null where nobody can be asked. */
  groupSubject(jid: string): Promise<string | null>;
}

export interface Removal {
  readonly chatId: string;
  readonly upToOrder: number;
  readonly writes: readonly StoreWrite[];
}

export type ChatPatch = Partial<Omit<ChatRecord, 'instance' | 'id' | 'party'>>;
export type ContactPatch = Partial<Omit<ContactRecord, 'instance' | 'id' | 'party'>>;

/** Messages that nobody is to read: what WhatsApp counts in no chat. */
const isUncounted = ({ jid }: Party): boolean => jid.endsWith('@broadcast') || jid.endsWith('@newsletter');
const isGroup = ({ jid }: Party): boolean => jid.endsWith('@g.us');
const isPerson = ({ pn, lid }: Party): boolean => pn !== null || lid !== null;
/** Order numbers follow the clock, so that they grow over a restart too. */
const orderPerMs = 64;

function merged(known: Party, told: Party): Party {
  return { jid: told.jid, pn: told.pn ?? known.pn, lid: told.lid ?? known.lid };
}

export class ChatBook {
  #options: ChatBookOptions;
  #chats = new BoundedMap<ChatRecord>(chatsCachedMax);
  #contacts = new BoundedMap<ContactRecord>(chatsCachedMax);
  #order = 0;

  constructor(options: ChatBookOptions) {
    this.#options = options;
  }

  /** What is kept of a message that came in, or that another device sent. */
  async kept(message: ReceivedMessage, source: MessageSource): Promise<StoreWrite[]> {
    if (!this.#options.settings().storeMessages) return [];
    const { pushName, offline: _, ...view } = message;
    const chatId = partyId(view.chat);
    const place = this.#place(view.timestamp);
    const writes: StoreWrite[] = [
      { to: 'message', message: { chatId, place, view, key: source.key, pushName, proto: source.proto } },
    ];
    const isRead = view.fromMe || this.#options.settings().readMessages || isUncounted(view.chat);
    writes.push(...(await this.#talked(view.chat, view.id, place.at, isRead ? 0 : 1)));
    if (pushName && !view.fromMe) writes.push(...(await this.contact(view.from, { pushName })));
    return writes;
  }

  /** A message that is to be sent takes its place, once its chat is known. */
  async listed(record: SentRecord): Promise<StoreWrite[]> {
    if (!this.#options.settings().storeMessages || record.proto === null) return [];
    const { instance, id, view } = record;
    const chatId = partyId(view.chat);
    const place = this.#place(view.timestamp);
    const listing: StoreWrite = { to: 'listed', instance, chatId, id, place, type: view.type };
    return [listing, ...(await this.#talked(view.chat, id, place.at, 0))];
  }

  /** A change of what is known of a chat; made anew where it was not known and `orNew`. */
  async chat(party: Party, patch: ChatPatch, orNew = true): Promise<StoreWrite[]> {
    if (!this.#options.settings().storeMessages) return [];
    const moves = await this.#known(party);
    const before = this.#chats.get(partyId(party));
    if (!before && !orNew) return moves;
    const record = { ...(before ?? this.#newChat(party)), ...patch };
    return [...moves, ...this.#change(before, record)];
  }

  /** What the phone says of a chat: all where it is new, else what is not known better here. */
  async synced(
    party: Party,
    state: Partial<ChatState>,
    newest: { readonly id: string; readonly at: number } | null,
  ): Promise<StoreWrite[]> {
    if (!this.#options.settings().storeMessages) return [];
    const moves = await this.#known(party);
    const before = this.#chats.get(partyId(party));
    const chat: ChatRecord = before ?? { ...this.#newChat(party), ...state, at: 0 };
    const isLatest = newest !== null && (chat.lastMessageId === null || newest.at > chat.at);
    const record: ChatRecord = {
      ...chat,
      name: chat.name ?? state.name ?? null,
      at: Math.max(chat.at, state.at ?? 0, newest?.at ?? 0),
      isArchived: chat.isArchived || state.isArchived === true,
      isPinned: chat.isPinned || state.isPinned === true,
      mutedUntil: chat.mutedUntil ?? state.mutedUntil ?? null,
      lastMessageId: isLatest ? newest.id : chat.lastMessageId,
    };
    return [...moves, ...this.#change(before, record)];
  }

  /** As `chat`; nothing is written where nothing is new. */
  async contact(party: Party, patch: ContactPatch): Promise<StoreWrite[]> {
    if (!this.#options.settings().storeMessages || !isPerson(party)) return [];
    const { instance, store } = this.#options;
    const id = partyId(party);
    const known = this.#contacts.get(id) ?? (await store.conversations.contact(instance, id));
    const before = known ?? { instance, id, party, name: null, pushName: null, businessName: null };
    const record: ContactRecord = { ...before, ...patch, party: merged(before.party, party) };
    this.#contacts.set(id, record);
    const isSame =
      known !== undefined &&
      known.name === record.name &&
      known.pushName === record.pushName &&
      known.businessName === record.businessName &&
      known.party.pn === record.party.pn;
    return isSame ? [] : [{ to: 'contact', record }];
  }

  /**
   * The chat goes, or with `keepsChat` its messages: what comes from now on belongs to a new one. Answers what
   * the store needs to erase the rest, with the writes of the chat itself.
   */
  async removed(party: Party, keepsChat: boolean): Promise<Removal> {
    const moves = await this.#known(party);
    const chatId = partyId(party);
    const before = this.#chats.get(chatId);
    const empty = { lastMessageId: null, unread: 0, isMarkedUnread: false };
    const kept = keepsChat && before ? this.#change(before, { ...before, ...empty }) : [];
    if (!keepsChat) this.#chats.delete(chatId);
    this.#order = Math.max(this.#order, this.#options.clock.now() * orderPerMs);
    return { chatId, upToOrder: this.#order, writes: [...moves, ...kept] };
  }

  /** A batch may have failed: the store knows better. */
  forget(): void {
    this.#chats.clear();
    this.#contacts.clear();
  }

  /** WhatsApp tells whole seconds; within that second the moment of arrival says more. */
  #place(toldMs: number): MessagePlace {
    const now = this.#options.clock.now();
    this.#order = Math.max(this.#order + 1, now * orderPerMs);
    const at = toldMs % 1_000 === 0 ? Math.min(Math.max(now, toldMs), toldMs + 999) : toldMs;
    return { at, order: this.#order };
  }

  async #talked(party: Party, id: string, at: number, more: number): Promise<StoreWrite[]> {
    const moves = await this.#known(party);
    // No await between reading and writing what is known: two messages at once both count.
    const before = this.#chats.get(partyId(party));
    const chat = before ?? this.#newChat(party);
    if (!before && isGroup(party)) this.#options.later(this.#nameGroup(party));
    const isLatest = at >= chat.at;
    const record: ChatRecord = {
      ...chat,
      party: merged(chat.party, party),
      at: Math.max(chat.at, at),
      lastMessageId: isLatest ? id : chat.lastMessageId,
      unread: chat.unread + more,
    };
    return [...moves, ...this.#change(before, record)];
  }

  /** Messages of a group do not say what it is called: asked once, when its chat is new. */
  async #nameGroup(group: Party): Promise<void> {
    const name = await this.#options.groupSubject(group.jid);
    if (name !== null) await this.#options.commit(await this.chat(group, { name }, false));
  }

  #change(before: ChatRecord | undefined, record: ChatRecord): StoreWrite[] {
    this.#chats.set(record.id, record);
    return [{ to: 'chat', record, listedAt: before?.at ?? null }];
  }

  #newChat(party: Party): ChatRecord {
    return {
      instance: this.#options.instance,
      id: partyId(party),
      party,
      name: null,
      at: 0,
      lastMessageId: null,
      unread: 0,
      isMarkedUnread: false,
      isArchived: false,
      isPinned: false,
      mutedUntil: null,
      ephemeralSeconds: null,
    };
  }

  /** Reads the chat, or takes over what was kept under its number before its LID was known. */
  async #known(party: Party): Promise<StoreWrite[]> {
    const id = partyId(party);
    if (this.#chats.has(id)) return [];
    const { instance, store } = this.#options;
    const found = await store.conversations.chat(instance, id);
    if (found) {
      if (!this.#chats.has(id)) this.#chats.set(id, found);
      return [];
    }
    const { pn } = party;
    if (pn === null || pn === id) return [];
    const old = this.#chats.get(pn) ?? (await store.conversations.chat(instance, pn));
    if (!old || this.#chats.has(id)) return [];
    this.#chats.delete(pn);
    const record = { ...old, id, party };
    this.#chats.set(id, record);
    this.#options.later(store.moveChat(instance, pn, party));
    return [
      { to: 'chatGone', instance, id: pn, listedAt: old.at },
      { to: 'chat', record, listedAt: null },
    ];
  }
}

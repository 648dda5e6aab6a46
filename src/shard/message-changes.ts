/**
 * Edits, deletions, reactions, pins and votes, as the writes that make them durable: the event, its dedupe entry,
 * and a mark on the message where it is kept. Called by `message-recorder.ts`; the caller commits.
 */
import { iso } from '../clock.ts';
import type { EventData, NewEvent } from '../protocol/events.ts';
import type { MessageChange, PollResult } from '../protocol/message-change.ts';
import { type Mark, partyId, type StoredMessage } from '../store/conversation-ports.ts';
import type { Store, StoreWrite } from '../store/ports.ts';
import { isSamePerson } from '../whatsapp/addresses.ts';
import { pollOptions } from '../whatsapp/polls.ts';

export type ChangeEvent = 'message.edited' | 'message.deleted' | 'message.reaction' | 'poll.vote';

export interface ChangeOptions {
  readonly instance: string;
  readonly store: Pick<Store, 'outbox' | 'conversations'>;
  writeEvent(event: NewEvent<ChangeEvent>): StoreWrite;
}

/** Only the author edits and deletes. In groups administrators delete too; of this account WhatsApp has made sure. */
function isAllowed({ change, from, fromMe, asAdmin, chat }: MessageChange, about: StoredMessage): boolean {
  if (change.kind !== 'edited' && change.kind !== 'deleted') return true;
  const isGroup = chat.pn === null && chat.lid === null;
  const isAdmin = isGroup && change.kind === 'deleted' && (fromMe || asAdmin);
  return isAdmin || isSamePerson(about.view.from, from);
}

function markOf({ change, from, at }: MessageChange): Mark | null {
  switch (change.kind) {
    case 'edited':
      return { kind: 'edited', text: change.text, at, proto: change.proto };
    case 'deleted':
      return { kind: 'deleted', at, by: from };
    case 'reaction':
      return { kind: 'reaction', from, emoji: change.emoji, at };
    case 'pinned':
      return { kind: 'pinned', until: change.until, at };
    default:
      return change.options === null ? null : { kind: 'vote', from, options: change.options, at };
  }
}

/** Counted over everybody's latest vote, this one included. */
function resultsOf({ change, from }: MessageChange, about: StoredMessage | undefined): PollResult[] | null {
  if (change.kind !== 'vote' || change.options === null || !about) return null;
  const counts = new Map(pollOptions(about.proto).map((option) => [option, 0]));
  const others = about.marks.flatMap((mark) =>
    mark.kind === 'vote' && partyId(mark.from) !== partyId(from) ? mark.options : [],
  );
  for (const option of [...others, ...change.options]) counts.set(option, (counts.get(option) ?? 0) + 1);
  return [...counts].map(([option, votes]) => ({ option, votes }));
}

/** A pin is no event: the message shows it. */
function eventOf(told: MessageChange, about: StoredMessage | undefined): NewEvent<ChangeEvent> | null {
  const { target: id, chat, from, fromMe, change } = told;
  const common = { id, chat, from, fromMe, at: iso(told.at) };
  const of = <T extends ChangeEvent>(type: T, data: EventData[T]): NewEvent<ChangeEvent> => ({
    type,
    chat: chat.jid,
    data,
  });
  switch (change.kind) {
    case 'edited':
      return of('message.edited', { ...common, text: change.text });
    case 'deleted':
      return of('message.deleted', { ...common, for: 'everyone' });
    case 'reaction':
      return of('message.reaction', { ...common, emoji: change.emoji === '' ? null : change.emoji });
    case 'pinned':
      return null;
    default:
      return of('poll.vote', { ...common, options: change.options, results: resultsOf(told, about) });
  }
}

export class MessageChanges {
  #options: ChangeOptions;

  constructor(options: ChangeOptions) {
    this.#options = options;
  }

  /** Nothing where it is an event already, or where a stranger would change somebody's message. */
  async writes(told: MessageChange): Promise<StoreWrite[]> {
    const { instance, store, writeEvent } = this.#options;
    const { chat, from, id, target } = told;
    if ((await store.outbox.seqOf(instance, chat.jid, from.jid, id)) !== undefined) return [];
    const chatId = partyId(chat);
    const found = await store.conversations.messagesOf(instance, target);
    const about = found.find((message) => message.chatId === chatId);
    if (about && !isAllowed(told, about)) return [];
    const event = eventOf(told, about);
    const write = event && writeEvent(event);
    // Without an event too, so that a redelivery is known to be durable.
    const seq = write?.to === 'event' ? write.event.seq : 0;
    const writes: StoreWrite[] = [
      ...(write ? [write] : []),
      { to: 'dedupe', instance, chat: chat.jid, sender: from.jid, id, seq },
    ];
    const mark = about && markOf(told);
    if (mark) writes.push({ to: 'mark', instance, chatId, id: target, mark });
    return writes;
  }
}

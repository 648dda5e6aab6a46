/**
 * The delivery state of messages that this instance sent: raised by server acks and receipts, never lowered.
 * All changes that arrive together are one batch with their events; waiters hear of a state once it is durable.
 */
import { iso } from '../clock.ts';
import type { NewEvent } from '../protocol/events.ts';
import {
  isChangeContent,
  type MessageError,
  type MessageStatus,
  type MessageView,
  type Party,
} from '../protocol/message.ts';
import type { SentRecord, Store, StoreWrite } from '../store/ports.ts';

export interface StatusChange {
  readonly id: string;
  readonly chat: Party;
  readonly status: MessageStatus;
  readonly at: number;
  /** The member of a group that the receipt is from. */
  readonly participant: Party | null;
  readonly error: MessageError | null;
}

export interface StatusOptions {
  readonly instance: string;
  readonly store: Store;
  writeEvent(event: NewEvent<'message.status'>): StoreWrite;
  /** A message that is still queued, as stored. */
  queued(id: string): SentRecord | undefined;
  /** What a change of another message does, now that WhatsApp has it: part of the same batch. */
  effects(record: SentRecord, at: number): Promise<readonly StoreWrite[]>;
  committed(writes: readonly StoreWrite[]): void;
  /** After the batch: the message as it stands now. */
  onRaised(view: MessageView): void;
}

const ranks: Record<MessageStatus, number> = {
  queued: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  played: 4,
  failed: 5,
};

export const hasReached = (status: MessageStatus, target: MessageStatus): boolean =>
  ranks[status] >= ranks[target];

/** A refusal is only true of a message that was not delivered. */
const isRaise = (from: MessageStatus, to: MessageStatus): boolean =>
  to === 'failed' ? ranks[from] <= ranks.sent : from !== 'failed' && ranks[to] > ranks[from];

export class MessageStatuses {
  #options: StatusOptions;
  #waiting: StatusChange[] = [];
  /** The batch that what waits now will be in. */
  #next: Promise<void> | null = null;
  #latest: Promise<void> = Promise.resolve();

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  /** Resolves when the changes, those that raise nothing too, are durable; rejects where the store failed. */
  raise(changes: readonly StatusChange[]): Promise<void> {
    this.#waiting.push(...changes);
    this.#next ??= this.#batchAfter(this.#latest);
    this.#latest = this.#next;
    return this.#next;
  }

  /** Resolves when every change so far is durable, or could not be written. */
  async idle(): Promise<void> {
    await settled(this.#latest);
  }

  async #batchAfter(before: Promise<void>): Promise<void> {
    await settled(before);
    this.#next = null;
    await this.#commitAll(this.#waiting.splice(0));
  }

  async #commitAll(changes: readonly StatusChange[]): Promise<void> {
    const records = await this.#records(changes);
    const raised = new Map<string, SentRecord>();
    const events: StoreWrite[] = [];
    for (const change of changes) {
      const record = raised.get(change.id) ?? records.get(change.id);
      const isRaised = record !== undefined && isRaise(record.view.status, change.status);
      if (record && isChangeContent(record.content)) events.push(...(await this.#ofChange(record, change)));
      else if (isRaised || record === undefined || change.participant !== null)
        events.push(this.#event(change));
      if (isRaised) raised.set(change.id, withStatus(record, change));
    }
    const writes = [...[...raised.values()].map((record) => this.#sentWrite(record, records)), ...events];
    if (writes.length === 0) return;
    await this.#options.store.commit(writes);
    this.#options.committed(writes);
    for (const record of raised.values()) this.#options.onRaised(record.view);
  }

  /** What was done is told by what it does, not by the states of the message that carries it. */
  async #ofChange(record: SentRecord, change: StatusChange): Promise<readonly StoreWrite[]> {
    const { status } = record.view;
    if (!isRaise(status, change.status)) return [];
    if (change.status === 'failed') return [this.#event(change)];
    return status === 'queued' ? this.#options.effects(record, change.at) : [];
  }

  #sentWrite(record: SentRecord, stored: ReadonlyMap<string, SentRecord>): StoreWrite {
    const previous = stored.get(record.id)?.view.status;
    return { to: 'sent', record, queued: false, ...(previous === undefined ? {} : { previous }) };
  }

  async #records(changes: readonly StatusChange[]): Promise<Map<string, SentRecord>> {
    const { store, instance, queued } = this.#options;
    const ids = [...new Set(changes.map((change) => change.id))];
    const found = await Promise.all(ids.map((id) => queued(id) ?? store.messages.sent(instance, id)));
    return new Map(found.flatMap((record) => (record ? [[record.id, record] as const] : [])));
  }

  #event(change: StatusChange): StoreWrite {
    const { id, chat, status, participant, error } = change;
    const data = { id, chat, status, participant, at: iso(change.at), error };
    return this.#options.writeEvent({ type: 'message.status', chat: chat.jid, data });
  }
}

const settled = (work: Promise<void>): Promise<void> => work.catch(() => undefined);

const withStatus = (record: SentRecord, change: StatusChange): SentRecord => ({
  ...record,
  view: { ...record.view, status: change.status, statusAt: change.at, error: change.error },
});

/**
 * What webhooks did not get: listed, sent again, purged; and events of the log sent again. Works on the
 * store from the main thread in bounded batches, then has the webhook actor page. Called by `GatewayCommands`;
 * it must never make anything pending for a webhook that is not set.
 */
import { type Clock, yieldTurn } from '../clock.ts';
import { AppError } from '../errors.ts';
import { uuidTimeMs } from '../ids.ts';
import { bulkBatchMax, bulkLettersMax } from '../limits.ts';
import type { BulkResult, LetterScope, Page, ReplayRange } from '../protocol/commands.ts';
import { globalWebhookId, type WebhookConfig } from '../protocol/instance.ts';
import type { DeadLetter } from '../protocol/webhook.ts';
import { deadLetterCursor, type PendingEntry, type Store, type StoreWrite } from '../store/ports.ts';
import { makeSeq, seqTimeMs } from '../store/sequence.ts';

/** After a burst an event's sequence runs ahead of the time in its id by at most this. */
const burstMsMax = 60_000;

export interface LetterParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Null where none is set or the instance is gone. */
  webhookOf(id: string): WebhookConfig | null;
  instances(): readonly string[];
  /** The outbox has new entries for this webhook. */
  page(webhook: string): Promise<void>;
}

const noWebhook = (id: string): AppError =>
  new AppError('webhook_not_set', `No webhook is set for ${id === globalWebhookId ? 'all instances' : id}.`);

const goneOf = ({ webhook, seq }: DeadLetter): StoreWrite => ({ to: 'deadLetterGone', webhook, seq });

/** A scope of own letters never leaves the range of the instance's own webhook. */
function startOf({ instance, own }: LetterScope, cursor: string | null): string | null {
  if (!own || instance === null) return cursor;
  return cursor?.startsWith(`${instance}:`) ? cursor : deadLetterCursor({ webhook: instance, seq: 0 });
}

export class WebhookLetters {
  readonly #parts: LetterParts;

  constructor(parts: LetterParts) {
    this.#parts = parts;
  }

  async list(
    scope: LetterScope,
    { limit, cursor }: { limit: number; cursor: string | null },
  ): Promise<Page<DeadLetter>> {
    const found = await this.#read(scope, startOf(scope, cursor), limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items, next: last && found.length > limit ? deadLetterCursor(last) : null };
  }

  async replayOne(eventId: string, scope: LetterScope): Promise<number> {
    const letters = await this.#find(eventId, scope);
    const unset = letters.find(({ webhook }) => this.#parts.webhookOf(webhook) === null);
    if (unset) throw noWebhook(unset.webhook);
    return this.#replay(letters);
  }

  replayAll(scope: LetterScope): Promise<BulkResult> {
    return this.#each(scope, (letters) => this.#replay(letters));
  }

  async purgeOne(eventId: string, scope: LetterScope): Promise<number> {
    return this.#purge(await this.#find(eventId, scope));
  }

  purgeAll(scope: LetterScope): Promise<BulkResult> {
    return this.#each(scope, (letters) => this.#purge(letters));
  }

  /** Pending under the event's own key, so that a repeat, or an event that still waits, is not made twice. */
  async replayEvents(id: string, range: ReplayRange): Promise<{ replayed: number; next: number | null }> {
    const { store } = this.#parts;
    const config = this.#parts.webhookOf(id);
    if (!config) throw noWebhook(id);
    const types = range.types ?? config.events;
    const end = makeSeq(range.to + 1, 0, 0);
    let after = range.cursor ?? Math.max(0, makeSeq(range.from, 0, 0) - 1);
    let replayed = 0;
    for (let seen = 0; seen < bulkLettersMax; ) {
      const page = await store.outbox.events(id === globalWebhookId ? null : id, after, bulkBatchMax);
      const due = page.filter(({ seq, type }) => seq < end && (types.includes('*') || types.includes(type)));
      await this.#makePending(due.map((event) => ({ ...event, webhook: id })));
      replayed += due.length;
      seen += page.length;
      const last = page.at(-1);
      if (!last || last.seq >= end) return { replayed, next: null };
      after = last.seq;
      await yieldTurn();
    }
    return { replayed, next: after };
  }

  async #read(scope: LetterScope, after: string | null, limit: number): Promise<DeadLetter[]> {
    return this.#parts.store.outbox.deadLetters(scope.instance, after, limit);
  }

  /** The id has the event's time in it, so that no webhook's letters are searched from the start. */
  async #find(eventId: string, scope: LetterScope): Promise<DeadLetter[]> {
    const { instance, own } = scope;
    const instances = instance === null ? this.#parts.instances() : [instance];
    const webhooks = own ? instances : [globalWebhookId, ...instances];
    const found: DeadLetter[] = [];
    for (const webhook of webhooks) {
      const letter = await this.#findIn(webhook, eventId);
      if (letter && (instance === null || letter.instance === instance)) found.push(letter);
    }
    if (found.length === 0) throw new AppError('not_found', `No dead letter has the event id ${eventId}.`);
    return found;
  }

  async #findIn(webhook: string, eventId: string): Promise<DeadLetter | undefined> {
    const bornMs = uuidTimeMs(eventId);
    let after = deadLetterCursor({ webhook, seq: Math.max(0, makeSeq(bornMs, 0, 0) - 1) });
    for (;;) {
      const page = await this.#parts.store.outbox.deadLetters(null, after, bulkBatchMax);
      const near = page.filter((one) => one.webhook === webhook && seqTimeMs(one.seq) < bornMs + burstMsMax);
      const found = near.find((letter) => letter.eventId === eventId);
      const last = page.at(-1);
      if (found || !last || near.length < page.length) return found;
      after = deadLetterCursor(last);
    }
  }

  async #each(
    scope: LetterScope,
    work: (letters: readonly DeadLetter[]) => Promise<number>,
  ): Promise<BulkResult> {
    let after = startOf(scope, null);
    let count = 0;
    for (let seen = 0; seen < bulkLettersMax; seen += bulkBatchMax) {
      const page = await this.#read(scope, after, bulkBatchMax);
      const last = page.at(-1);
      if (!last) return { count, hasMore: false };
      count += await work(page);
      after = deadLetterCursor(last);
      await yieldTurn();
    }
    return { count, hasMore: (await this.#read(scope, after, 1)).length > 0 };
  }

  async #purge(letters: readonly DeadLetter[]): Promise<number> {
    await this.#parts.store.commit(letters.map(goneOf));
    return letters.length;
  }

  /** Those whose webhook is not set, or whose event is gone, stay where they are. */
  async #replay(letters: readonly DeadLetter[]): Promise<number> {
    const { store, webhookOf } = this.#parts;
    const due: Omit<PendingEntry, 'at'>[] = [];
    const gone: StoreWrite[] = [];
    for (const letter of letters) {
      const { webhook, seq, instance } = letter;
      const event = webhookOf(webhook) && (await store.outbox.event(instance, seq));
      if (!event) continue;
      due.push({ webhook, seq, instance, chat: event.chat });
      gone.push(goneOf(letter));
    }
    await this.#makePending(due, gone);
    return due.length;
  }

  /** Their age counts from now, or an old event would be given up at its first failure. */
  async #makePending(
    due: readonly Omit<PendingEntry, 'at'>[],
    more: readonly StoreWrite[] = [],
  ): Promise<void> {
    if (due.length === 0) return;
    const { store, clock, page } = this.#parts;
    const at = clock.now();
    const pending = due.map(
      ({ webhook, seq, instance, chat }): StoreWrite => ({
        to: 'pending',
        entry: { webhook, seq, instance, chat, at },
      }),
    );
    await store.commit([...more, ...pending]);
    for (const webhook of new Set(due.map((entry) => entry.webhook))) await page(webhook);
  }
}

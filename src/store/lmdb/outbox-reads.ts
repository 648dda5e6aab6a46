/**
 * The outbox's read port over LMDB: events, what is pending per webhook, dead letters. Pages always come
 * from a fresh snapshot, because shards write and the webhook actor reads. Bounded by the caller's limits.
 */
import type { EventRecord } from '../../protocol/events.ts';
import { globalWebhookId } from '../../protocol/instance.ts';
import { unpackViews } from '../codec.ts';
import { type EventRow, fromEventRow } from '../event-frame.ts';
import type { DeadLetter, OutboxStore, PendingEntry } from '../ports.ts';
import { type Environment, refresh } from './databases.ts';
import { reading } from './failures.ts';
import { afterKey, afterPrefix, keyOf, lastNumber, readNumber, readText } from './keys.ts';
import {
  deadLetterKey,
  dedupeKey,
  eventKey,
  pendingKey,
  readDeadLetter,
  readPending,
  readTimelineKey,
  timelineKey,
} from './layout.ts';
import { below, entriesIn, keysIn, lastKeyBelow } from './range.ts';
import { look } from './reads.ts';

/** LMDB's values are private copies already, so the body may be a view of one. */
const readEvent = (value: Uint8Array): EventRecord => fromEventRow(unpackViews(value) as EventRow);
const lastSeqOf = Number.MAX_SAFE_INTEGER;

function pendingPage(env: Environment, webhook: string, afterSeq: number, limit: number): PendingEntry[] {
  refresh(env);
  const range = { start: pendingKey(webhook, afterSeq + 1), end: afterPrefix(keyOf(webhook)), limit };
  return entriesIn(env.db.pending, range).map(({ key, value }) => readPending(key, value));
}

function webhooksPending(env: Environment): string[] {
  refresh(env);
  const webhooks: string[] = [];
  let start: Uint8Array = Buffer.alloc(1);
  for (;;) {
    const [first] = env.db.pending.getKeys({ start, limit: 1 });
    if (!first) return webhooks;
    const webhook = readText(first, 0).text;
    webhooks.push(webhook);
    start = afterPrefix(keyOf(webhook));
  }
}

function eventsOf(env: Environment, instance: string, afterSeq: number, limit: number): EventRecord[] {
  refresh(env);
  const range = { start: eventKey(instance, afterSeq + 1), end: afterPrefix(keyOf(instance)), limit };
  return entriesIn(env.db.events, range).map(({ value }) => readEvent(value));
}

/** In global order, through the timeline; entries whose event is gone are passed over. */
function eventsOfAll(env: Environment, afterSeq: number, limit: number): EventRecord[] {
  refresh(env);
  const { timeline, events } = env.db;
  const end = timelineKey('event', lastSeqOf);
  const found: EventRecord[] = [];
  let start: Uint8Array = timelineKey('event', afterSeq + 1);
  for (;;) {
    const keys = keysIn(timeline, { start, end, limit: limit - found.length });
    for (const key of keys) {
      const value = events.get(readTimelineKey(key).recordKey);
      if (value) found.push(readEvent(value));
    }
    const last = keys.at(-1);
    if (!last || found.length >= limit) return found;
    start = afterKey(last);
  }
}

function afterCursor(after: string | null): Uint8Array {
  const match = after === null ? null : /^(.+):(\d{1,16})$/.exec(after);
  return match?.[1] && match[2] ? deadLetterKey(match[1], Number(match[2]) + 1) : Buffer.alloc(1);
}

/** Letters of an instance are those of its own webhook, and some of the one for all instances. */
function spansOf(instance: string | null): { from: Uint8Array; end: Uint8Array }[] {
  if (instance === null) return [{ from: Buffer.alloc(1), end: afterPrefix(Buffer.alloc(0)) }];
  return [globalWebhookId, instance].map((webhook) => ({
    from: keyOf(webhook),
    end: afterPrefix(keyOf(webhook)),
  }));
}

function letters(
  env: Environment,
  instance: string | null,
  after: string | null,
  limit: number,
): DeadLetter[] {
  refresh(env);
  const found: DeadLetter[] = [];
  const cursor = afterCursor(after);
  for (const { from, end } of spansOf(instance)) {
    const start = Buffer.compare(from, cursor) < 0 ? cursor : from;
    if (Buffer.compare(start, end) >= 0) continue;
    for (const { value } of env.db.deadLetters.getRange({ start, end })) {
      const letter = readDeadLetter(value);
      if (instance !== null && letter.instance !== instance) continue;
      found.push(letter);
      if (found.length >= limit) return found;
    }
  }
  return found;
}

export function outboxReads(env: Environment): OutboxStore {
  const { events, dedupe, pending } = env.db;
  return {
    event: (instance, seq) =>
      reading('event', () => {
        const found = look(env, events, eventKey(instance, seq));
        return found && readEvent(found);
      }),
    lastSeq: (instance) =>
      reading('lastSeq', () => {
        refresh(env);
        const last = lastKeyBelow(events, keyOf(instance));
        return last ? lastNumber(last) : 0;
      }),
    seqOf: (instance, chat, sender, id) =>
      reading('dedupe', () => {
        const found = look(env, dedupe, dedupeKey(instance, chat, sender, id));
        return found && readNumber(found, 0);
      }),
    pending: (webhook, afterSeq, limit) =>
      reading('pending', () => pendingPage(env, webhook, afterSeq, limit)),
    pendingCount: (webhook) =>
      reading('pendingCount', () => {
        refresh(env);
        const { start, end } = below(keyOf(webhook), 0);
        return pending.getKeysCount({ start, end });
      }),
    pendingWebhooks: () => reading('pendingWebhooks', () => webhooksPending(env)),
    events: (instance, afterSeq, limit) =>
      reading('events', () =>
        instance === null ? eventsOfAll(env, afterSeq, limit) : eventsOf(env, instance, afterSeq, limit),
      ),
    deadLetters: (instance, after, limit) =>
      reading('deadLetters', () => letters(env, instance, after, limit)),
  };
}

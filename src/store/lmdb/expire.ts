/**
 * Retention: walks the timeline of each kind from its oldest entry, a bounded number a call, and removes
 * what is past its time in one batch. An event that is still pending or a dead letter stays; the walk
 * remembers where it was, so that such events do not hold it up. Called by one thread (main) on a timer.
 */
import {
  deadLetterRetentionMs,
  dedupeRetentionMs,
  eventRetentionMs,
  expireBatchMax,
  idempotencyRetentionMs,
  sentRetentionMs,
} from '../retention.ts';
import { makeSeq } from '../sequence.ts';
import { type DatabaseName, type Environment, type Row, refresh, writeRows } from './databases.ts';
import { afterKey, lastNumber, readNumber, readText } from './keys.ts';
import {
  type AgingKind,
  agingKinds,
  pendingKey,
  readDeadLetter,
  readIdempotency,
  readTimelineKey,
  timelineKey,
} from './layout.ts';
import { below, keysIn } from './range.ts';
import { sentGone, sentTimestamp } from './sent-layout.ts';

const marksMax = 4_096;

interface Aging {
  readonly db: DatabaseName;
  /** Entries born before this are past their time: a sequence or a time, as the timeline has it. */
  cutoff(nowMs: number): number;
  /** When the record that is there now was born; another answer means that it was written anew. */
  bornOf(key: Uint8Array, value: Uint8Array): number;
}

const seqCutoff = (retentionMs: number) => (nowMs: number) => makeSeq(nowMs - retentionMs, 0, 0);
const timeCutoff = (retentionMs: number) => (nowMs: number) => Math.max(0, nowMs - retentionMs);

const event = (retentionMs: number): Aging => ({
  db: 'events',
  cutoff: seqCutoff(retentionMs),
  bornOf: (key) => lastNumber(key),
});

const fixed: Readonly<Record<Exclude<AgingKind, 'event'>, Aging>> = {
  dedupe: { db: 'dedupe', cutoff: seqCutoff(dedupeRetentionMs), bornOf: (_, value) => readNumber(value, 0) },
  sent: {
    db: 'sent',
    cutoff: timeCutoff(sentRetentionMs),
    bornOf: (_, value) => sentTimestamp(value),
  },
  idempotency: {
    db: 'idempotency',
    cutoff: timeCutoff(idempotencyRetentionMs),
    bornOf: (_, value) => readIdempotency(value).at,
  },
  deadLetter: {
    db: 'deadLetters',
    cutoff: timeCutoff(deadLetterRetentionMs),
    bornOf: (_, value) => readDeadLetter(value).deadAt,
  },
};

/** Webhooks have the id of their instance or '*', so four look-ups tell whether an event is needed. */
function isReferenced({ db }: Environment, eventKey: Uint8Array): boolean {
  const seq = lastNumber(eventKey);
  return [readText(eventKey, 0).text, '*'].some((webhook) => {
    const key = pendingKey(webhook, seq);
    return db.pending.doesExist(key) || db.deadLetters.doesExist(key);
  });
}

/** A sent message that is listed among the messages goes when they do. Both keys begin alike. */
const isListed = ({ db }: Environment, sentKey: Uint8Array): boolean =>
  keysIn(db.messages, below(sentKey, 1)).length > 0;

const markRows = ({ db }: Environment, sentKey: Uint8Array): Row[] =>
  keysIn(db.marks, below(sentKey, marksMax)).map((key) => ({ db: 'marks', key, value: null }));

function rowsToRemove(env: Environment, kind: AgingKind, one: Aging, timelineEntry: Uint8Array): Row[] {
  const { born, recordKey } = readTimelineKey(timelineEntry);
  if (kind === 'event' && isReferenced(env, recordKey)) return [];
  const { db, bornOf } = one;
  const rows: Row[] = [{ db: 'timeline', key: timelineEntry, value: null }];
  const value = env.db[db].get(recordKey);
  if (value === undefined || bornOf(recordKey, value) !== born) return rows;
  if (kind === 'sent' && isListed(env, recordKey)) return rows;
  if (kind !== 'sent') return [...rows, { db, key: recordKey, value: null }];
  const leaves: Row = { db: 'queued', key: recordKey, value: null };
  return [...rows, ...sentGone(recordKey), leaves, ...markRows(env, recordKey)];
}

/** One walker a store; answers how many records went in this call. */
export class Expiry {
  readonly #env: Environment;
  readonly #aging: Readonly<Record<AgingKind, Aging>>;
  readonly #next = new Map<AgingKind, Uint8Array>();

  constructor(env: Environment, eventsMs = eventRetentionMs) {
    this.#env = env;
    this.#aging = { ...fixed, event: event(eventsMs) };
  }

  async run(nowMs: number): Promise<number> {
    let gone = 0;
    for (const kind of agingKinds) gone += await this.#runKind(kind, nowMs);
    return gone;
  }

  async #runKind(kind: AgingKind, nowMs: number): Promise<number> {
    refresh(this.#env);
    const one = this.#aging[kind];
    const start = this.#next.get(kind) ?? timelineKey(kind, 0);
    const end = timelineKey(kind, one.cutoff(nowMs));
    const entries = keysIn(this.#env.db.timeline, { start, end, limit: expireBatchMax });
    const last = entries.at(-1);
    if (last && entries.length === expireBatchMax) this.#next.set(kind, afterKey(last));
    else this.#next.delete(kind);
    const rows = entries.flatMap((entry) => rowsToRemove(this.#env, kind, one, entry));
    await writeRows(this.#env, rows);
    return rows.filter((row) => row.db === one.db && row.db !== 'timeline').length;
  }
}

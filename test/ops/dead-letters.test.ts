/** Dead letters and replays over a real store: whose they are, what becomes pending, what stays. */
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type LetterParts, WebhookLetters } from '../../src/directory/dead-letters.ts';
import { uuidv7 } from '../../src/ids.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { SequenceClock } from '../../src/store/sequence.ts';
import { optionsFor, scratchFolder, someEvent } from '../store/records.ts';
import { webhookTo } from '../webhook/webhook-config.ts';

const everybody = { instance: null, own: false };
const page = { limit: 50, cursor: null };
const nowMs = Date.UTC(2026, 0, 2);

class Desk {
  readonly store: Store;
  readonly letters: WebhookLetters;
  readonly paged: string[] = [];
  readonly set = new Set(['a', 'b', '*']);
  #sequence = new SequenceClock(0);

  constructor(store: Store) {
    this.store = store;
    const parts: LetterParts = {
      ...{ store, clock: { ...systemClock, now: () => nowMs } },
      webhookOf: (id) => (this.set.has(id) ? webhookTo('http://x/', { events: ['message.received'] }) : null),
      instances: () => ['a', 'b'],
      page: async (webhook) => void this.paged.push(webhook),
    };
    this.letters = new WebhookLetters(parts);
  }

  /** An event that none of these webhooks got. */
  async die(instance: string, webhooks: readonly string[], at = nowMs - 60_000): Promise<EventRecord> {
    const event = { ...someEvent(this.#sequence.next(at), instance, 'chat'), id: uuidv7(at), at };
    const { seq, id: eventId, type } = event;
    await this.store.commit([
      { to: 'event', event, webhooks: [] },
      ...webhooks.map((webhook) => ({
        to: 'deadLetter' as const,
        letter: {
          ...{ webhook, seq, instance, eventId, type, at, deadAt: at + 1 },
          ...{ attempts: 1, httpStatus: 410, error: 'HTTP 410' },
        },
      })),
    ]);
    return event;
  }

  async pending(webhook: string): Promise<number[]> {
    return (await this.store.outbox.pending(webhook, 0, 100)).map(({ seq }) => seq);
  }

  async left(): Promise<string[]> {
    return (await this.letters.list(everybody, page)).items.map(
      ({ webhook, eventId }) => `${webhook} ${eventId}`,
    );
  }
}

async function desk(): Promise<Desk> {
  const store = await openStore(optionsFor(scratchFolder()));
  onTestFinished(() => store.close());
  return new Desk(store);
}

it('lists page by page, and to a token only what its own webhook did not get', async () => {
  const t = await desk();
  const made = [await t.die('a', ['a', '*']), await t.die('b', ['b', '*']), await t.die('a', ['a'])];
  const first = await t.letters.list(everybody, { limit: 3, cursor: null });
  const rest = await t.letters.list(everybody, { limit: 3, cursor: first.next });
  expect([first.items.length, rest.items.length, rest.next]).toEqual([3, 2, null]);
  const own = { instance: 'a', own: true };
  for (const cursor of [null, '*:0', 'b:0']) {
    const { items } = await t.letters.list(own, { limit: 10, cursor });
    expect(items.map(({ webhook, seq }) => [webhook, seq])).toEqual([
      ['a', made[0]?.seq],
      ['a', made[2]?.seq],
    ]);
  }
  const both = await t.letters.list({ instance: 'a', own: false }, page);
  expect(both.items.map(({ webhook }) => webhook)).toEqual(['*', 'a', 'a']);
});

it('replays one event to every webhook that did not get it, with a new age', async () => {
  const t = await desk();
  const event = await t.die('a', ['a', '*']);
  await t.die('a', ['a']);
  expect(await t.letters.replayOne(event.id, everybody)).toBe(2);
  expect([await t.pending('a'), await t.pending('*')]).toEqual([[event.seq], [event.seq]]);
  expect((await t.store.outbox.pending('a', 0, 1))[0]).toMatchObject({
    at: nowMs,
    chat: 'chat',
    instance: 'a',
  });
  expect(t.paged.toSorted()).toEqual(['*', 'a']);
  expect((await t.left()).length).toBe(1);
  await expect(t.letters.replayOne(event.id, everybody)).rejects.toMatchObject({ code: 'not_found' });
});

it('lets a token touch nothing of others', async () => {
  const t = await desk();
  const event = await t.die('a', ['a', '*']);
  const ofB = { instance: 'b', own: true };
  await expect(t.letters.replayOne(event.id, ofB)).rejects.toMatchObject({ code: 'not_found' });
  await expect(t.letters.purgeOne(event.id, ofB)).rejects.toMatchObject({ code: 'not_found' });
  expect(await t.letters.purgeAll(ofB)).toEqual({ count: 0, hasMore: false });
  expect(await t.letters.replayOne(event.id, { instance: 'a', own: true })).toBe(1);
  expect(await t.left()).toEqual([`* ${event.id}`]);
});

it('replays all but those whose webhook is not set, and purges', async () => {
  const t = await desk();
  for (let round = 0; round < 250; round++) await t.die('a', ['a']);
  const kept = await t.die('b', ['b']);
  t.set.delete('b');
  expect(await t.letters.replayAll(everybody)).toEqual({ count: 250, hasMore: false });
  expect(await t.left()).toEqual([`b ${kept.id}`]);
  await expect(t.letters.replayOne(kept.id, everybody)).rejects.toMatchObject({ code: 'webhook_not_set' });
  expect(await t.letters.purgeAll({ instance: 'b', own: false })).toEqual({ count: 1, hasMore: false });
  expect(await t.left()).toEqual([]);
});

it('replays a range of the log once, of the types that the webhook takes or that are named', async () => {
  const t = await desk();
  const times = [-3_000, -2_000, -1_000, 0].map((ms) => nowMs + ms);
  const made: EventRecord[] = [];
  for (const at of times) made.push(await t.die('a', [], at));
  const range = { from: nowMs - 2_000, to: nowMs - 1_000, types: null, cursor: null };
  expect(await t.letters.replayEvents('a', range)).toEqual({ replayed: 2, next: null });
  await t.letters.replayEvents('a', range);
  expect(await t.pending('a')).toEqual([made[1]?.seq, made[2]?.seq]);
  expect(await t.letters.replayEvents('*', { ...range, types: ['message.status'] })).toMatchObject({
    replayed: 0,
  });
  expect(await t.letters.replayEvents('*', { ...range, cursor: made[1]?.seq ?? 0 })).toMatchObject({
    replayed: 1,
  });
  t.set.delete('b');
  await expect(t.letters.replayEvents('b', range)).rejects.toMatchObject({ code: 'webhook_not_set' });
});

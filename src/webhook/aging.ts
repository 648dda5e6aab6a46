/**
 * Events past their age in a lane that cannot deliver become dead letters in bulk, so that an endpoint that
 * is down for days does not fill the store. Called by the actor's sweep; bounded reads and writes.
 */
import type { PendingEntry, Store, StoreWrite } from '../store/ports.ts';
import type { Lane } from './lane.ts';
import { agedPageMax, eventAgeMsMax } from './limits.ts';

const reason = 'older than 24 h and not delivered';

async function burial(store: Store, entry: PendingEntry, deadAt: number): Promise<StoreWrite[]> {
  const { webhook, seq, instance, at } = entry;
  const gone: StoreWrite = { to: 'delivered', webhook, seq };
  const event = await store.outbox.event(instance, seq);
  if (!event) return [gone];
  const { id: eventId, type } = event;
  const letter = { webhook, seq, instance, eventId, type, at, deadAt, attempts: 0, httpStatus: null };
  return [gone, { to: 'deadLetter', letter: { ...letter, error: reason } }];
}

/** Answers how many went. */
export async function buryOld(store: Store, lane: Lane, nowMs: number): Promise<number> {
  let buried = 0;
  let after = 0;
  for (;;) {
    const page = await store.outbox.pending(lane.id, after, agedPageMax);
    const old = page.filter(({ at }) => nowMs - at > eventAgeMsMax);
    const writes: StoreWrite[] = [];
    for (const entry of old) if (lane.discard(entry.seq)) writes.push(...(await burial(store, entry, nowMs)));
    if (writes.length > 0) await store.commit(writes);
    buried += old.length;
    const last = old.at(-1);
    if (!last || old.length < agedPageMax) return buried;
    after = last.seq;
  }
}

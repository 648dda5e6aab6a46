/**
 * A small store in memory for the tests of this room: session data, sent messages and the dedupe index.
 * It counts commits, answers asynchronously, and can be told to fail.
 */
import { AppError } from '../../../src/errors.ts';
import type { EventRecord } from '../../../src/protocol/events.ts';
import type { SentRecord, Store, StoreWrite } from '../../../src/store/ports.ts';

export interface MemoryStore extends Store {
  readonly commits: (readonly StoreWrite[])[];
  readonly events: EventRecord[];
  failing: 'no' | 'reads' | 'writes';
}

type Maps = Record<'creds' | 'signal' | 'devices', Map<string, Uint8Array>>;

const nobody = (): never => {
  throw new Error('not part of this double');
};

function apply(maps: Maps, to: keyof Maps, key: string, value: Uint8Array | null): void {
  if (value === null) maps[to].delete(key);
  else maps[to].set(key, new Uint8Array(value));
}

export function createMemoryStore(): MemoryStore {
  const maps: Maps = { creds: new Map(), signal: new Map(), devices: new Map() };
  const sent = new Map<string, SentRecord>();
  const dedupe = new Map<string, number>();
  const read = async <T>(value: () => T): Promise<T> => {
    await Promise.resolve();
    if (store.failing === 'reads') throw new AppError('store_failed', 'read failed on purpose');
    return value();
  };
  const put = (write: StoreWrite): void => {
    if (write.to === 'creds') apply(maps, 'creds', write.instance, write.value);
    else if (write.to === 'signal') apply(maps, 'signal', `${write.instance}|${write.key}`, write.value);
    else if (write.to === 'devices') apply(maps, 'devices', `${write.instance}|${write.key}`, write.value);
    else if (write.to === 'sent') sent.set(`${write.record.instance}|${write.record.id}`, write.record);
    else if (write.to === 'event') store.events.push(write.event);
    else if (write.to === 'dedupe')
      dedupe.set([write.instance, write.chat, write.sender, write.id].join('|'), write.seq);
    else nobody();
  };
  const store: MemoryStore = {
    commits: [],
    events: [],
    failing: 'no',
    instances: { configs: nobody, status: nobody, globalWebhook: nobody, setting: nobody },
    sessions: {
      creds: (instance) => read(() => maps.creds.get(instance)),
      signal: (instance, key) => read(() => maps.signal.get(`${instance}|${key}`)),
      signalRange: (instance, prefix) =>
        read(() => {
          const start = `${instance}|${prefix}`;
          return [...maps.signal]
            .filter(([key]) => key.startsWith(start))
            .map(([key, value]) => [key.slice(instance.length + 1), value] as const);
        }),
      device: (instance, key) => read(() => maps.devices.get(`${instance}|${key}`)),
    },
    outbox: {
      event: nobody,
      lastSeq: nobody,
      seqOf: (instance, chat, sender, id) => read(() => dedupe.get([instance, chat, sender, id].join('|'))),
      pending: nobody,
      pendingCount: nobody,
      pendingWebhooks: nobody,
      events: nobody,
      deadLetters: nobody,
    },
    messages: { sent: (instance, id) => read(() => sent.get(`${instance}|${id}`)), queued: nobody },
    conversations: {
      messagesOf: () => read(() => []),
      messages: nobody,
      chat: nobody,
      chats: nobody,
      contact: nobody,
      contacts: nobody,
    },
    idempotency: { find: nobody },
    async commit(writes) {
      await Promise.resolve();
      if (store.failing === 'writes') throw new AppError('store_failed', 'commit failed on purpose');
      store.commits.push(writes);
      for (const write of writes) put(write);
    },
    eraseInstance: nobody,
    eraseSession: nobody,
    eraseMessages: nobody,
    eraseChat: nobody,
    moveChat: nobody,
    expire: nobody,
    close: () => Promise.resolve(),
  };
  return store;
}

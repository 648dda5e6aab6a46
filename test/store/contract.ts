/**
 * What every store keeps to, whatever is below it. An implementation's test calls `describeStore` with a
 * function that opens an empty store and answers how to close and open it again.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InstanceStatus } from '../../src/protocol/instance.ts';
import { initialStatus } from '../../src/protocol/instance.ts';
import type { MessageError, MessageStatus } from '../../src/protocol/message.ts';
import { deadLetterCursor, type SentRecord, type Store } from '../../src/store/ports.ts';
import { makeSeq } from '../../src/store/sequence.ts';
import { describeConversations, describeMessageRetention, kept } from './conversations-contract.ts';
import { bytes, someConfig, someEvent, someLetter, someSent } from './records.ts';

export type Reopen = () => Promise<Store>;

const dayMs = 24 * 3_600_000;
const now = 1_800_000_000_000;

export function describeStore(name: string, prepare: () => Reopen): void {
  const opened = async (): Promise<{ store: Store; reopen: Reopen }> => {
    const open = prepare();
    let store = await open();
    onTestFinished(() => store.close());
    const reopen = async (): Promise<Store> => {
      await store.close();
      store = await open();
      return store;
    };
    return { store, reopen };
  };
  describe(`${name}: instances and sessions`, () => describeRecords(opened));
  describe(`${name}: outbox`, () => describeOutbox(opened));
  describe(`${name}: messages and idempotency`, () => describeMessages(opened));
  describe(`${name}: messages, chats and contacts`, () => {
    describeConversations(opened);
    describeMessageRetention(opened);
  });
  describe(`${name}: erasing`, () => describeErasing(opened));
  describe(`${name}: retention`, () => describeRetention(opened));
}

type Opened = () => Promise<{ store: Store; reopen: Reopen }>;

function describeRecords(opened: Opened): void {
  it('keeps configurations, statuses, settings and the global webhook over a restart', async () => {
    const { store, reopen } = await opened();
    const status: InstanceStatus = initialStatus('shop', 7);
    await store.commit([
      { to: 'instanceConfig', id: 'shop', value: someConfig('shop') },
      { to: 'instanceConfig', id: 'desk', value: someConfig('desk') },
      { to: 'instanceStatus', id: 'shop', value: status },
      { to: 'setting', key: 'adminKeyHash', value: 'abc' },
    ]);
    const again = await reopen();
    expect(await again.instances.configs()).toEqual([someConfig('desk'), someConfig('shop')]);
    expect(await again.instances.status('shop')).toEqual(status);
    expect(await again.instances.status('desk')).toBeUndefined();
    expect(await again.instances.setting('adminKeyHash')).toBe('abc');
    expect(await again.instances.globalWebhook()).toBeNull();
    await again.commit([{ to: 'instanceConfig', id: 'desk', value: null }]);
    expect(await again.instances.configs()).toEqual([someConfig('shop')]);
  });

  it('gives bytes back exactly, with memory of their own', async () => {
    const { store } = await opened();
    const value = bytes('secret creds');
    const written = store.commit([
      { to: 'creds', instance: 'shop', value },
      { to: 'signal', instance: 'shop', key: 'session:1.0', value: new Uint8Array(0) },
    ]);
    value.fill(0);
    await written;
    const read = await store.sessions.creds('shop');
    expect(read).toEqual(bytes('secret creds'));
    expect(read?.buffer.byteLength).toBe(read?.byteLength);
    expect(await store.sessions.signal('shop', 'session:1.0')).toEqual(new Uint8Array(0));
    expect(await store.sessions.signal('shop', 'session:2.0')).toBeUndefined();
  });

  it('lists Signal records by prefix, of one instance only', async () => {
    const { store } = await opened();
    const value = bytes('v');
    const key = (instance: string, text: string) => ({ to: 'signal', instance, key: text, value }) as const;
    await store.commit([
      key('shop', 'lid-mapping:55'),
      key('shop', 'lid-mapping:56'),
      key('shop', 'session:9'),
      key('shop2', 'lid-mapping:57'),
    ]);
    const found = [...(await store.sessions.signalRange('shop', 'lid-mapping:'))];
    expect(found.map(([name]) => name)).toEqual(['lid-mapping:55', 'lid-mapping:56']);
  });

  it('refuses a whole commit when one write cannot be stored', async () => {
    const { store } = await opened();
    const good = { to: 'creds', instance: 'shop', value: bytes('x') } as const;
    const longKey = { to: 'signal', instance: 'shop', key: 'k'.repeat(3_000), value: bytes('x') } as const;
    await expect(store.commit([good, longKey])).rejects.toMatchObject({ code: 'store_failed' });
    const odd = { to: 'setting', key: 'odd', value: { call: () => 1 } } as const;
    await expect(store.commit([good, odd])).rejects.toMatchObject({ code: 'store_failed' });
    expect(await store.sessions.creds('shop')).toBeUndefined();
  });

  it('refuses to work once closed', async () => {
    const { store } = await opened();
    await store.close();
    await expect(store.commit([])).rejects.toMatchObject({ code: 'store_failed' });
  });
}

function describeOutbox(opened: Opened): void {
  it('pages what is pending for a webhook in order, each webhook its own', async () => {
    const { store, reopen } = await opened();
    const seqs = [1, 2, 3, 300, 70_000, makeSeq(now, 0, 5)];
    await store.commit(
      seqs.map((seq) => ({ to: 'event', event: someEvent(seq), webhooks: ['shop', '*'] }) as const),
    );
    await store.commit([{ to: 'event', event: someEvent(4, 'shop2'), webhooks: ['*'] }]);
    await store.commit([{ to: 'delivered', webhook: 'shop', seq: 2 }]);
    const again = await reopen();
    const mine = await again.outbox.pending('shop', 0, 10);
    expect(mine.map(({ seq }) => seq)).toEqual(seqs.filter((seq) => seq !== 2));
    expect(mine[0]).toEqual({ webhook: 'shop', seq: 1, instance: 'shop', chat: 'c1', at: 1 });
    expect((await again.outbox.pending('*', 3, 2)).map(({ seq }) => seq)).toEqual([4, 300]);
    expect(await again.outbox.pendingCount('*')).toBe(7);
    expect(await again.outbox.pendingCount('shop')).toBe(5);
    expect(await again.outbox.pendingWebhooks()).toEqual(['*', 'shop']);
    expect(await again.outbox.pending('sho', 0, 10)).toEqual([]);
  });

  it('keeps the event log by instance and over all', async () => {
    const { store } = await opened();
    await store.commit([
      { to: 'event', event: someEvent(10, 'b'), webhooks: [] },
      { to: 'event', event: someEvent(20, 'a'), webhooks: [] },
      { to: 'event', event: someEvent(30, 'b', null), webhooks: [] },
    ]);
    expect(await store.outbox.event('b', 30)).toEqual(someEvent(30, 'b', null));
    expect(await store.outbox.event('a', 30)).toBeUndefined();
    expect((await store.outbox.events(null, 10, 5)).map(({ seq }) => seq)).toEqual([20, 30]);
    expect((await store.outbox.events('b', 0, 5)).map(({ seq }) => seq)).toEqual([10, 30]);
    expect((await store.outbox.events(null, 0, 2)).map(({ seq }) => seq)).toEqual([10, 20]);
    expect(await store.outbox.lastSeq('b')).toBe(30);
    expect(await store.outbox.lastSeq('none')).toBe(0);
  });

  it('remembers a message that was made into an event, however odd its id', async () => {
    const { store } = await opened();
    const odd = `\0${'x'.repeat(5_000)}`;
    const of = (id: string, seq: number) =>
      ({ to: 'dedupe', instance: 'shop', chat: 'c', sender: 's', id, seq }) as const;
    await store.commit([of('A1', makeSeq(now, 3, 1)), of(odd, 9)]);
    expect(await store.outbox.seqOf('shop', 'c', 's', 'A1')).toBe(makeSeq(now, 3, 1));
    expect(await store.outbox.seqOf('shop', 'c', 's', odd)).toBe(9);
    expect(await store.outbox.seqOf('shop', 'c', 's', 'A2')).toBeUndefined();
    expect(await store.outbox.seqOf('shop', 'cs', '', 'A1')).toBeUndefined();
  });

  it('lists dead letters by page and instance, and makes them pending again', async () => {
    const { store } = await opened();
    const letters = [someLetter('*', 8, 'shop'), someLetter('desk', 1), someLetter('shop', 2)];
    await store.commit(letters.map((letter) => ({ to: 'deadLetter', letter }) as const));
    expect(await store.outbox.deadLetters(null, null, 10)).toEqual(letters);
    const first = await store.outbox.deadLetters(null, null, 1);
    const cursor = deadLetterCursor(first[0] ?? someLetter('none', 0));
    expect(await store.outbox.deadLetters(null, cursor, 10)).toEqual(letters.slice(1));
    expect(await store.outbox.deadLetters('shop', null, 10)).toEqual([letters[0], letters[2]]);
    await store.commit([
      { to: 'deadLetterGone', webhook: 'shop', seq: 2 },
      { to: 'pending', entry: { webhook: 'shop', seq: 2, instance: 'shop', chat: null, at: 5 } },
    ]);
    expect(await store.outbox.deadLetters('shop', null, 10)).toEqual([letters[0]]);
    expect(await store.outbox.pendingCount('shop')).toBe(1);
  });
}

function describeMessages(opened: Opened): void {
  it('keeps sent messages and which are still queued, oldest first', async () => {
    const { store, reopen } = await opened();
    const records = [someSent('B', 30), someSent('A', 10), someSent('C', 20), someSent('D', 5, 'desk')];
    await store.commit(records.map((record) => ({ to: 'sent', record, queued: true }) as const));
    const acknowledged = { ...someSent('A', 10), proto: bytes('proto') };
    await store.commit([{ to: 'sent', record: acknowledged, queued: false }]);
    const again = await reopen();
    expect((await again.messages.queued('shop', 10)).map(({ id }) => id)).toEqual(['C', 'B']);
    expect((await again.messages.queued('shop', 1)).map(({ id }) => id)).toEqual(['C']);
    expect(await again.messages.sent('shop', 'A')).toEqual(acknowledged);
    expect(await again.messages.sent('desk', 'A')).toBeUndefined();
  });

  it('changes the state of a sent message and nothing else, and forgets it with the message', async () => {
    const { store, reopen } = await opened();
    const record = someSent('A', now - 8 * dayMs);
    const inState = (status: MessageStatus): SentRecord => {
      const error: MessageError | null =
        status === 'failed' ? { code: 'whatsapp_rejected', whatsappCode: 463, message: 'no' } : null;
      return { ...record, view: { ...record.view, status, statusAt: now, error } };
    };
    await store.commit([{ to: 'sent', record, queued: true }]);
    await store.commit([{ to: 'sent', record: inState('sent'), queued: false, previous: 'queued' }]);
    expect(await store.messages.sent('shop', 'A')).toEqual(inState('sent'));
    expect(await store.messages.queued('shop', 10)).toEqual([]);
    await store.commit([{ to: 'sent', record: inState('failed'), queued: false, previous: 'sent' }]);
    const again = await reopen();
    expect(await again.messages.sent('shop', 'A')).toEqual(inState('failed'));
    expect((await again.conversations.messagesOf('shop', 'A'))[0]?.view).toEqual(inState('failed').view);
    await again.expire(now);
    expect(await again.messages.sent('shop', 'A')).toBeUndefined();
    const anew = someSent('A', now);
    await again.commit([{ to: 'sent', record: anew, queued: true }]);
    expect(await again.messages.sent('shop', 'A')).toEqual(anew);
  });

  it('keeps idempotency records by scope and key', async () => {
    const { store } = await opened();
    const record = {
      scope: 'admin POST /v1/instances/shop/messages',
      key: 'k'.repeat(255),
      fingerprint: 'f',
      messageId: '3EB0',
      answer: { status: 201, body: '{}' },
      at: now,
    };
    await store.commit([{ to: 'idempotency', record }]);
    expect(await store.idempotency.find(record.scope, record.key)).toEqual(record);
    expect(await store.idempotency.find('other', record.key)).toBeUndefined();
  });
}

function describeErasing(opened: Opened): void {
  it('removes all of an instance and nothing of its neighbours', async () => {
    const { store } = await opened();
    for (const id of ['shop', 'shop2']) {
      await store.commit([
        { to: 'instanceConfig', id, value: someConfig(id) },
        { to: 'creds', instance: id, value: bytes(id) },
        { to: 'signal', instance: id, key: 'session:1', value: bytes(id) },
        { to: 'event', event: someEvent(id.length, id), webhooks: [id, '*'] },
        { to: 'deadLetter', letter: someLetter('*', 99 + id.length, id) },
        { to: 'sent', record: someSent('A', 1, id), queued: true },
        { to: 'message', message: kept('K', 1, { instance: id }) },
      ]);
    }
    await store.eraseInstance('shop');
    expect((await store.instances.configs()).map(({ id }) => id)).toEqual(['shop2']);
    expect(await store.sessions.creds('shop')).toBeUndefined();
    expect(await store.outbox.events(null, 0, 10)).toEqual([someEvent(5, 'shop2')]);
    expect((await store.outbox.pending('*', 0, 10)).map(({ instance }) => instance)).toEqual(['shop2']);
    expect(await store.outbox.pendingCount('shop')).toBe(0);
    expect((await store.outbox.deadLetters(null, null, 10)).length).toBe(1);
    expect(await store.messages.queued('shop', 10)).toEqual([]);
    expect(await store.conversations.messagesOf('shop', 'K')).toEqual([]);
    expect((await store.conversations.messagesOf('shop2', 'K')).length).toBe(1);
    expect(await store.messages.sent('shop2', 'A')).toEqual(someSent('A', 1, 'shop2'));
  });

  it('removes only the session after a logout', async () => {
    const { store } = await opened();
    await store.commit([
      { to: 'instanceConfig', id: 'shop', value: someConfig('shop') },
      { to: 'creds', instance: 'shop', value: bytes('c') },
      { to: 'devices', instance: 'shop', key: 'd', value: bytes('d') },
      { to: 'event', event: someEvent(1), webhooks: ['shop'] },
    ]);
    await store.eraseSession('shop');
    expect(await store.sessions.creds('shop')).toBeUndefined();
    expect(await store.sessions.device('shop', 'd')).toBeUndefined();
    expect((await store.instances.configs()).length).toBe(1);
    expect(await store.outbox.pendingCount('shop')).toBe(1);
  });
}

function describeRetention(opened: Opened): void {
  it('forgets what is past its time and keeps what is still needed', async () => {
    const { store } = await opened();
    const old = makeSeq(now - 2 * dayMs, 0, 0);
    await store.commit([
      { to: 'event', event: someEvent(old), webhooks: [] },
      { to: 'event', event: someEvent(old + 1), webhooks: ['*'] },
      { to: 'event', event: someEvent(old + 2), webhooks: [] },
      { to: 'deadLetter', letter: { ...someLetter('shop', old + 2), deadAt: now } },
      { to: 'event', event: someEvent(makeSeq(now - 1, 0, 0)), webhooks: [] },
      { to: 'dedupe', instance: 'shop', chat: 'c', sender: 's', id: 'young', seq: old },
      {
        to: 'dedupe',
        instance: 'shop',
        chat: 'c',
        sender: 's',
        id: 'old',
        seq: makeSeq(now - 15 * dayMs, 0, 0),
      },
      { to: 'sent', record: someSent('old', now - 8 * dayMs), queued: true },
      { to: 'sent', record: someSent('young', now - 6 * dayMs), queued: false },
    ]);
    expect(await store.expire(now)).toBe(3);
    expect(await store.outbox.event('shop', old)).toBeUndefined();
    expect((await store.outbox.events(null, 0, 10)).length).toBe(3);
    expect(await store.outbox.seqOf('shop', 'c', 's', 'old')).toBeUndefined();
    expect(await store.outbox.seqOf('shop', 'c', 's', 'young')).toBe(old);
    expect(await store.messages.sent('shop', 'old')).toBeUndefined();
    expect((await store.messages.sent('shop', 'young'))?.id).toBe('young');
    await store.commit([{ to: 'delivered', webhook: '*', seq: old + 1 }]);
    expect(await store.expire(now)).toBe(1);
    expect(await store.expire(now)).toBe(0);
  });

  it('goes on past events that have to stay, a bounded number a call', async () => {
    const { store } = await opened();
    const old = makeSeq(now - 2 * dayMs, 0, 0);
    const writes = Array.from({ length: 1_200 }, (_, index) => {
      const webhooks = index < 700 ? ['shop'] : [];
      return { to: 'event', event: someEvent(old + index), webhooks } as const;
    });
    await store.commit(writes);
    let gone = 0;
    for (let call = 0; call < 3; call++) {
      const count = await store.expire(now);
      expect(count).toBeLessThanOrEqual(500);
      gone += count;
    }
    expect(gone).toBe(500);
    expect(await store.outbox.pendingCount('shop')).toBe(700);
  });

  it('keeps a record that was written again with a younger time', async () => {
    const { store } = await opened();
    const record = { scope: 's', key: 'k', fingerprint: 'f', messageId: null, answer: null };
    await store.commit([{ to: 'idempotency', record: { ...record, at: now - 2 * dayMs } }]);
    await store.commit([{ to: 'idempotency', record: { ...record, at: now } }]);
    expect(await store.expire(now)).toBe(0);
    expect(await store.idempotency.find('s', 'k')).toEqual({ ...record, at: now });
  });
}

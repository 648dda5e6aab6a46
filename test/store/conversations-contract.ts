/**
 * What every store keeps to about messages, chats and contacts. Called by `contract.ts`.
 */
import { expect, it } from 'vitest';
import type {
  ChatRecord,
  ContactRecord,
  KeptMessage,
  MessageQuery,
  StoredMessage,
} from '../../src/store/conversation-ports.ts';
import type { Store } from '../../src/store/ports.ts';
import { bytes, someConfig, someEvent, someSent } from './records.ts';

type Opened = () => Promise<{ store: Store; reopen: () => Promise<Store> }>;

const now = 1_800_000_000_000;
const dayMs = 24 * 3_600_000;
const anna = { jid: '1@s.whatsapp.net', pn: '1@s.whatsapp.net', lid: '91@lid' };
const bob = { jid: '2@s.whatsapp.net', pn: '2@s.whatsapp.net', lid: null };
let order = 0;

export function kept(id: string, at: number, more: Partial<KeptMessage['view']> = {}, chatId = '91@lid') {
  const view = { ...someSent(id, at).view, fromMe: false, chat: anna, from: anna, ...more };
  order += 1;
  const message: KeptMessage = {
    chatId,
    place: { at, order },
    view,
    key: { remoteJid: anna.jid, fromMe: false, participant: null },
    pushName: 'Anna',
    proto: bytes(id),
  };
  return message;
}

const query = (more: Partial<MessageQuery> = {}): MessageQuery => ({
  chatId: null,
  before: null,
  after: null,
  type: null,
  order: 'newest',
  cursor: null,
  limit: 10,
  ...more,
});

const ids = (page: { items: readonly StoredMessage[] }): string[] => page.items.map(({ view }) => view.id);
const put = (store: Store, messages: readonly KeptMessage[]): Promise<void> =>
  store.commit(messages.map((message) => ({ to: 'message', message }) as const));

const someChat = (id: string, at: number): ChatRecord => ({
  instance: 'shop',
  id,
  party: anna,
  name: null,
  at,
  lastMessageId: 'A',
  unread: 2,
  isMarkedUnread: false,
  isArchived: false,
  isPinned: false,
  mutedUntil: null,
  ephemeralSeconds: null,
});

export function describeConversations(opened: Opened): void {
  it('gives a message back as it was kept, over a restart, by its id', async () => {
    const { store, reopen } = await opened();
    const message = kept('A', now, { text: 'olá', quote: { id: 'Q', from: bob, type: 'text', text: 'q' } });
    await put(store, [message]);
    const again = await reopen();
    expect(await again.conversations.messagesOf('shop', 'A')).toEqual([{ ...message, marks: [] }]);
    expect(await again.conversations.messagesOf('shop', 'B')).toEqual([]);
    expect(await again.conversations.messagesOf('desk', 'A')).toEqual([]);
  });

  it('pages in order both ways, and in the order of arrival within one second', async () => {
    const { store } = await opened();
    await put(store, [
      kept('C', now + 2_000),
      kept('A', now),
      kept('B', now),
      kept('X', now + 500, {}, 'other'),
    ]);
    const first = await store.conversations.messages('shop', query({ limit: 3 }));
    expect(ids(first)).toEqual(['C', 'X', 'B']);
    const rest = await store.conversations.messages('shop', query({ limit: 3, cursor: first.next }));
    expect([ids(rest), rest.next]).toEqual([['A'], null]);
    const inChat = query({ chatId: '91@lid', order: 'oldest', limit: 2 });
    const oldest = await store.conversations.messages('shop', inChat);
    expect(ids(oldest)).toEqual(['A', 'B']);
    const more = await store.conversations.messages('shop', { ...inChat, cursor: oldest.next });
    expect([ids(more), more.next]).toEqual([['C'], null]);
    await expect(async () =>
      store.conversations.messages('shop', query({ cursor: 'A'.repeat(4_000) })),
    ).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it('filters by time and type', async () => {
    const { store } = await opened();
    await put(store, [kept('A', now), kept('B', now + 1_000, { type: 'image' }), kept('C', now + 2_000)]);
    const found = async (more: Partial<MessageQuery>) =>
      ids(await store.conversations.messages('shop', query(more)));
    expect(await found({ after: now + 1_000 })).toEqual(['C', 'B']);
    expect(await found({ before: now + 1_000, chatId: '91@lid' })).toEqual(['A']);
    expect(await found({ type: 'image', chatId: '91@lid' })).toEqual(['B']);
    expect(await found({ type: 'video' })).toEqual([]);
  });

  it('goes on with a cursor where a filter matches little', async () => {
    const { store } = await opened();
    const many = Array.from({ length: 2_500 }, (_, n) => kept(`M${n}`, now + n * 1_000));
    await put(store, [kept('old', now - 1_000, { type: 'image' }), ...many]);
    const first = await store.conversations.messages('shop', query({ type: 'image' }));
    expect(first.items).toEqual([]);
    const next = await store.conversations.messages('shop', query({ type: 'image', cursor: first.next }));
    expect(ids(next)).toEqual(['old']);
  });

  it('tells two messages of one id apart by chat, and takes odd ids', async () => {
    const { store } = await opened();
    const odd = `\0${'x'.repeat(5_000)}`;
    await put(store, [kept('A', now), kept('A', now, { text: 'other' }, 'other'), kept(odd, now)]);
    const found = await store.conversations.messagesOf('shop', 'A');
    expect(found.map(({ chatId, view }) => [chatId, view.text])).toEqual([
      ['91@lid', 'hello'],
      ['other', 'other'],
    ]);
    expect((await store.conversations.messagesOf('shop', odd))[0]?.view.id).toBe(odd);
  });

  it('lists a sent message with the status of its record, and finds one that is not listed', async () => {
    const { store } = await opened();
    const record = { ...someSent('S', now), proto: bytes('sent proto') };
    const place = { at: now, order: 1 };
    const chatId = '1@s.whatsapp.net';
    await store.commit([
      { to: 'sent', record, queued: true },
      { to: 'listed', instance: 'shop', chatId, id: 'S', place, type: 'text' },
      { to: 'sent', record: someSent('T', now), queued: true },
    ]);
    const read = { ...record, view: { ...record.view, status: 'read' as const } };
    await store.commit([{ to: 'sent', record: read, queued: false }]);
    const { items } = await store.conversations.messages('shop', query({ chatId }));
    expect(items).toMatchObject([
      { chatId, view: { id: 'S', status: 'read' }, key: { fromMe: true }, proto: bytes('sent proto') },
    ]);
    expect((await store.conversations.messagesOf('shop', 'T')).map(({ view }) => view.id)).toEqual(['T']);
  });

  it('keeps marks side by side, one reaction and one vote a person', async () => {
    const { store } = await opened();
    await put(store, [kept('A', now)]);
    const on = { instance: 'shop', chatId: '91@lid', id: 'A', to: 'mark' } as const;
    await store.commit([
      { ...on, mark: { kind: 'reaction', from: anna, emoji: '👍', at: 1 } },
      { ...on, mark: { kind: 'reaction', from: bob, emoji: '🎉', at: 1 } },
      { ...on, mark: { kind: 'starred', isOn: true, at: 2 } },
      { ...on, mark: { kind: 'vote', from: bob, options: ['yes'], at: 3 } },
    ]);
    await store.commit([
      { ...on, mark: { kind: 'reaction', from: { ...anna, jid: '91@lid' }, emoji: '❤️', at: 4 } },
      { ...on, mark: { kind: 'reaction', from: bob, emoji: '', at: 4 } },
      { ...on, mark: { kind: 'starred', isOn: false, at: 5 } },
      { ...on, mark: { kind: 'edited', text: 'new', at: 6, proto: bytes('p') } },
    ]);
    const [found] = await store.conversations.messagesOf('shop', 'A');
    expect(found?.marks).toEqual([
      { kind: 'edited', text: 'new', at: 6, proto: bytes('p') },
      { kind: 'reaction', from: { ...anna, jid: '91@lid' }, emoji: '❤️', at: 4 },
      { kind: 'vote', from: bob, options: ['yes'], at: 3 },
    ]);
  });

  it('lists chats by time, newest first, and contacts', async () => {
    const { store } = await opened();
    const chats = ['a', 'b', 'c'].map((id, n) => someChat(id, now + n));
    await store.commit(chats.map((record) => ({ to: 'chat', record, listedAt: null }) as const));
    await store.commit([{ to: 'chat', record: someChat('a', now + 9), listedAt: now }]);
    const first = await store.conversations.chats('shop', null, 2);
    expect(first.items.map(({ id }) => id)).toEqual(['a', 'c']);
    const rest = await store.conversations.chats('shop', first.next, 2);
    expect([rest.items.map(({ id }) => id), rest.next]).toEqual([['b'], null]);
    expect(await store.conversations.chat('shop', 'a')).toEqual(someChat('a', now + 9));
    await store.commit([{ to: 'chatGone', instance: 'shop', id: 'c', listedAt: now + 2 }]);
    expect((await store.conversations.chats('shop', null, 9)).items.map(({ id }) => id)).toEqual(['a', 'b']);
    const contact: ContactRecord = {
      instance: 'shop',
      id: '91@lid',
      party: anna,
      name: null,
      pushName: 'Anna',
      businessName: null,
    };
    await store.commit([{ to: 'contact', record: contact }]);
    expect(await store.conversations.contact('shop', '91@lid')).toEqual(contact);
    expect((await store.conversations.contacts('shop', null, 5)).items).toEqual([contact]);
  });

  it('erases one message, a chat up to a time, a whole chat', async () => {
    const { store } = await opened();
    await put(store, [
      kept('A', now),
      kept('B', now + 1_000),
      kept('C', now + 2_000),
      kept('X', now, {}, 'other'),
    ]);
    const record = someSent('S', Date.now());
    const place = { at: now, order: 1 };
    await store.commit([
      { to: 'sent', record, queued: false },
      { to: 'listed', instance: 'shop', chatId: '91@lid', id: 'S', place, type: 'text' },
      { to: 'chat', record: someChat('91@lid', now), listedAt: null },
    ]);
    await store.eraseMessages('shop', '91@lid', { id: 'B' });
    await store.eraseMessages('shop', '91@lid', { id: 'S' });
    const chat = async () => ids(await store.conversations.messages('shop', query({ chatId: '91@lid' })));
    expect(await chat()).toEqual(['C', 'A']);
    expect(await store.conversations.messagesOf('shop', 'S')).toEqual([]);
    expect((await store.messages.sent('shop', 'S'))?.id).toBe('S');
    await store.eraseMessages('shop', '91@lid', { upTo: now });
    expect(await chat()).toEqual(['C']);
    await store.eraseChat('shop', '91@lid');
    expect(await chat()).toEqual([]);
    expect(await store.conversations.chat('shop', '91@lid')).toBeUndefined();
    expect(ids(await store.conversations.messages('shop', query()))).toEqual(['X']);
  });

  it('deletes a chat with its event and leaves what came in after; clears one that stays', async () => {
    const { store } = await opened();
    await put(store, [kept('A', now), kept('B', now)]);
    const later = kept('C', now);
    await put(store, [later]);
    await store.commit([{ to: 'chat', record: someChat('91@lid', now), listedAt: null }]);
    const chat = async () => ids(await store.conversations.messages('shop', query({ chatId: '91@lid' })));
    const event = { to: 'event', event: someEvent(1), webhooks: [] } as const;
    const upToOrder = later.place.order - 1;
    await store.eraseChat('shop', '91@lid', { keepsChat: true, alongside: [event], upToOrder });
    expect(await chat()).toEqual(['C']);
    expect((await store.outbox.event('shop', 1))?.seq).toBe(1);
    expect(await store.conversations.chat('shop', '91@lid')).toEqual(someChat('91@lid', now));
    await store.eraseChat('shop', '91@lid');
    expect(await chat()).toEqual([]);
    expect((await store.conversations.chats('shop', null, 5)).items).toEqual([]);
  });

  it('moves what was kept under a number to its LID', async () => {
    const { store } = await opened();
    await put(store, [kept('A', now, { chat: bob }, '2@s.whatsapp.net')]);
    const on = { instance: 'shop', chatId: '2@s.whatsapp.net', id: 'A', to: 'mark' } as const;
    await store.commit([{ ...on, mark: { kind: 'reaction', from: bob, emoji: '👍', at: 1 } }]);
    await store.moveChat('shop', '2@s.whatsapp.net', { ...bob, lid: '92@lid' });
    const [found] = await store.conversations.messagesOf('shop', 'A');
    expect(found).toMatchObject({
      chatId: '92@lid',
      view: { chat: { lid: '92@lid' } },
      marks: [{ emoji: '👍' }],
    });
    expect(ids(await store.conversations.messages('shop', query({ chatId: '92@lid' })))).toEqual(['A']);
    expect(ids(await store.conversations.messages('shop', query({ chatId: '2@s.whatsapp.net' })))).toEqual(
      [],
    );
  });
}

/** With a store that keeps messages for 10 days, and 5 of an instance. */
export function describeMessageRetention(opened: Opened): void {
  it('forgets messages by age and by count, the oldest first, and leaves no row behind', async () => {
    const { store } = await opened();
    await store.commit([{ to: 'instanceConfig', id: 'shop', value: someConfig('shop') }]);
    await put(store, [
      kept('old', now - 11 * dayMs),
      ...['A', 'B', 'C'].map((id, n) => kept(id, now + n * 1_000)),
    ]);
    expect(await store.expire(now)).toBe(1);
    expect(await store.conversations.messagesOf('shop', 'old')).toEqual([]);
    await put(
      store,
      ['D', 'E', 'F', 'G'].map((id, n) => kept(id, now + 10_000 + n * 1_000)),
    );
    expect(await store.expire(now)).toBe(2);
    expect(ids(await store.conversations.messages('shop', query()))).toEqual(['G', 'F', 'E', 'D', 'C']);
    expect(await store.expire(now)).toBe(0);
  });

  it('keeps a listed sent message as long as its place, and its record for retry receipts', async () => {
    const { store } = await opened();
    await store.commit([{ to: 'instanceConfig', id: 'shop', value: someConfig('shop') }]);
    const sent = (id: string, at: number) => [
      { to: 'sent', record: someSent(id, at), queued: false } as const,
      { to: 'listed', instance: 'shop', chatId: 'c', id, place: { at, order: 1 }, type: 'text' } as const,
    ];
    await store.commit([...sent('week', now - 8 * dayMs), ...sent('old', now - 11 * dayMs)]);
    while ((await store.expire(now)) > 0);
    expect((await store.messages.sent('shop', 'week'))?.id).toBe('week');
    expect(await store.messages.sent('shop', 'old')).toBeUndefined();
    expect(ids(await store.conversations.messages('shop', query()))).toEqual(['week']);
    while ((await store.expire(now + 3 * dayMs)) > 0);
    expect(await store.messages.sent('shop', 'week')).toBeUndefined();
  });
}

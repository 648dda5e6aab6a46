/** History of the phone (`syncHistory`): what is kept of it, once, and that nothing is where it is off. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PastChat, PastMessage } from '../../src/sandbox/accounts/past-chat.ts';
import { type Stage, startStage } from './support/stage.ts';

const ann = '5511987658001';
const bob = '5511987658002';
const gid = '120363000000000001@g.us';
const nowS = Math.floor(Date.now() / 1_000);

const texts = (name: string, count: number, more: (n: number) => Partial<PastMessage> = () => ({})) =>
  Array.from({ length: count }, (_, n): PastMessage => {
    const common = { id: `${name}${n}`, content: { conversation: `${name} ${n}` } };
    return { ...common, at: nowS - 100_000 + n, ...more(n) };
  });

const annsChat: PastChat = {
  jid: `${ann}@s.whatsapp.net`,
  name: 'Ann of the address book',
  pushName: 'Ann',
  unread: 2,
  pinned: true,
  messages: texts('ann', 250, (n) => ({
    fromMe: n % 2 === 1,
    ...(n === 248 ? { starred: true, reaction: '🎉' } : {}),
  })),
};
const group: PastChat = {
  jid: gid,
  name: 'The cast',
  archived: true,
  messages: texts('group', 3, () => ({ participant: `${bob}@s.whatsapp.net` })),
};
const old: PastChat = {
  jid: `${bob}@s.whatsapp.net`,
  messages: [{ id: 'OLD', content: { conversation: 'long ago' }, at: nowS - 400 * 86_400 }],
};
const many = Array.from({ length: 40 }, (_, n): PastChat => {
  return { jid: `55119876${String(51_000 + n)}@s.whatsapp.net`, messages: texts(`many${n}-`, 100) };
});

let stage: Stage;
let past: readonly PastChat[];
beforeEach(async () => {
  past = [annsChat, group, old];
  stage = await startStage({ MESSAGES_RETENTION_DAYS: '365' }, { history: () => past, historyChunkChats: 2 });
});
afterEach(() => stage.stop());

const get = async (path: string, instance = 'desk') =>
  (await stage.call('GET', `/v1/instances/${instance}/${path}`)).body;
const synced = () =>
  stage.hook.next(
    ({ event }) =>
      event.type === 'history.synced' && event.data.kind === 'recent' && event.data.progress === 100,
    'the last chunk',
  );

async function idsOf(path: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await get(`${path}&limit=200${cursor && `&cursor=${cursor}`}`);
    ids.push(...page.items.map((one: { id: string }) => one.id));
    cursor = page.next;
  }
  return ids;
}

it('keeps chats, contacts and messages of the phone, in their order, and tells of every chunk', async () => {
  await stage.openInstance('desk', undefined, { syncHistory: true });
  await synced();
  const told = stage.hook.of('history.synced').map(({ data }) => [data.kind, data.progress]);
  expect(told).toEqual([
    ['bootstrap', 100],
    ['names', 100],
    ['recent', 50],
    ['recent', 100],
  ]);
  const stored = stage.hook.of('history.synced').map(({ data }) => data.messages);
  expect(stored.reduce((sum, count) => sum + count, 0)).toBe(253);
  const chats = await get('chats');
  expect(chats.items.map((one: { jid: string }) => one.jid)).toEqual([annsChat.jid, gid, old.jid]);
  expect(await get(`chats/${ann}`)).toMatchObject({
    ...{ name: 'Ann of the address book', unreadCount: 2, pinned: true, archived: false },
    lastMessage: { id: 'ann249', fromMe: true, status: 'read' },
  });
  expect(await get(`chats/${gid}`)).toMatchObject({
    ...{ name: 'The cast', archived: true },
    lastMessage: { from: { pn: `${bob}@s.whatsapp.net` }, text: 'group 2' },
  });
  expect(await get(`contacts/${ann}`)).toMatchObject({ name: 'Ann of the address book', pushName: 'Ann' });
  expect(await idsOf(`messages?chat=${ann}&order=oldest`)).toEqual(annsChat.messages.map(({ id }) => id));
  expect(await get('messages/ann248')).toMatchObject({ starred: true, reactions: [{ emoji: '🎉' }] });
  expect((await stage.call('GET', '/v1/instances/desk/messages/OLD')).status).toBe(404);
  expect(stage.hook.of('message.received')).toEqual([]);
});

it('can be answered: a quote of it, and a reply that takes its place above it', async () => {
  const { phone } = await stage.openInstance('desk', undefined, { syncHistory: true });
  await synced();
  const body = { to: ann, type: 'text', text: 'and now?', quote: 'ann248' };
  const sent = await stage.call('POST', '/v1/instances/desk/messages', body);
  expect(sent).toMatchObject({ status: 201, body: { quote: { id: 'ann248', text: 'ann 248' } } });
  const live = await stage.sandbox.sendFrom(ann, phone, 'now');
  await stage.hook.next(({ event }) => event.data?.id === live, 'the answer');
  const newest = (await get(`messages?chat=${ann}&limit=3`)).items.map((one: { id: string }) => one.id);
  expect(newest).toEqual([live, sent.body.id, 'ann249']);
  expect((await get(`chats/${ann}`)).unreadCount).toBe(3);
});

it('keeps nothing of it where it is off', async () => {
  const { phone } = await stage.openInstance('desk');
  const id = await stage.sandbox.sendFrom(ann, phone, 'the first');
  await stage.hook.next(({ event }) => event.data?.id === id, 'a message');
  await stage.until(
    () =>
      stage.sandbox
        .ledger({ account: phone, direction: 'toAccount' })
        .every(({ state }) => state === 'acked'),
    'everything that the phone sent was taken',
  );
  expect((await get('messages')).items.map((one: { id: string }) => one.id)).toEqual([id]);
  expect((await get('chats')).items).toHaveLength(1);
  expect(stage.hook.of('history.synced')).toEqual([]);
});

it('takes up where a restart interrupted it, and keeps every message once', { timeout: 60_000 }, async () => {
  past = [...many, annsChat];
  await stage.openInstance('desk', undefined, { syncHistory: true });
  await stage.hook.next(
    ({ event }) => event.type === 'history.synced' && event.data.kind === 'recent',
    'the first chunk',
  );
  await stage.stopGateway();
  const before = stage.hook.of('history.synced').length;
  await stage.startGateway();
  await synced();
  expect(stage.hook.of('history.synced').length).toBeGreaterThan(before);
  const all = await idsOf('messages?order=oldest');
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBe(4_250);
  expect((await get('chats?limit=200')).items).toHaveLength(41);
});

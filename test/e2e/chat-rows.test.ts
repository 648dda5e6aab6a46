/** Kept chats follow the world: what this account, its other device and the other side change, over HTTP alone. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let friend: string;
let other: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('one'));
  await stage.openInstance('two', phone);
  ({ phone: friend } = await stage.openInstance('friend'));
  ({ phone: other } = await stage.openInstance('other'));
});
afterAll(() => stage.stop());

const devices = ['one', 'two'];
const contact = '5511987658201';

const heard = async (instance: string, type: string, fits: (event: ReceivedEvent) => boolean) =>
  stage.hook.next(
    ({ event }) => event.instance === instance && event.type === type && fits(event),
    `${type} at ${instance}`,
  );
const rowOf = async (instance: string, chat: string) =>
  (await stage.call('GET', `/v1/instances/${instance}/chats/${chat}`)).body;
const textsOf = async (instance: string, chat: string): Promise<string[]> =>
  (await stage.call('GET', `/v1/instances/${instance}/messages?chat=${chat}`)).body.items.map(
    (one: { text: string }) => one.text,
  );
/** Resolves with the ids once both devices of the account have each message. */
async function written(from: string, to: string, texts: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) {
    const sent = await stage.call('POST', `/v1/instances/${from}/messages`, { to, type: 'text', text });
    expect(sent.status).toBe(201);
    ids.push(sent.body.id);
  }
  for (const device of devices)
    for (const id of ids) await heard(device, 'message.received', (event) => event.data.id === id);
  return ids;
}
const isRead = (id: string) => (event: ReceivedEvent) => event.data.id === id && event.data.status === 'read';

it('keeps what is changed here and what another device changes', async () => {
  const mutedUntil = '2030-01-31T12:00:00.000Z';
  const changes = { archived: true, pinned: true, mutedUntil, unread: true };
  expect((await stage.call('PATCH', `/v1/instances/one/chats/${contact}`, changes)).status).toBe(200);
  expect(await rowOf('one', contact)).toMatchObject({ ...changes, unreadCount: 0, timestamp: null });
  for (const name of Object.keys(changes)) await heard('two', 'chat.updated', (e) => name in e.data);
  expect(await rowOf('two', contact)).toMatchObject(changes);
  const undo = { archived: false, pinned: false, mutedUntil: null, unread: false };
  await stage.call('PATCH', `/v1/instances/two/chats/${contact}`, undo);
  expect(await rowOf('two', contact)).toMatchObject(undo);
  for (const [name, value] of Object.entries(undo))
    await heard('one', 'chat.updated', (e) => e.data[name] === value);
  expect(await rowOf('one', contact)).toMatchObject(undo);
});

it('keeps the disappearing messages that the other side sets', async () => {
  await stage.call('PATCH', `/v1/instances/friend/chats/${phone}`, { ephemeralSeconds: 604_800 });
  await heard('one', 'chat.updated', (e) => e.data.ephemeralSeconds === 604_800);
  expect(await rowOf('one', friend)).toMatchObject({ ephemeralSeconds: 604_800 });
  expect(await rowOf('friend', phone)).toMatchObject({ ephemeralSeconds: 604_800 });
});

it('calls a group what it is called, from its first message and from a new subject', async () => {
  const writer = stage.sandbox.contact(contact);
  const gid = writer.createGroup('Cast', [phone, friend]);
  await heard('one', 'group.updated', (e) => e.data.changes.created);
  expect(await rowOf('one', gid)).toMatchObject({ jid: gid, name: 'Cast', unreadCount: 0 });
  await stage.call('PATCH', `/v1/instances/friend/groups/${gid}`, { subject: 'no right to' });
  const own = await stage.call('POST', '/v1/instances/friend/groups', {
    subject: 'Crew',
    participants: [phone],
  });
  await heard('one', 'group.updated', (e) => e.data.chat.jid === own.body.id);
  await stage.call('DELETE', `/v1/instances/one/chats/${own.body.id}`);
  await written('friend', own.body.id, ['who is on?']);
  const isNamed = async (name: string): Promise<void> => {
    await expect.poll(async () => (await rowOf('one', own.body.id)).name, { timeout: 30_000 }).toBe(name);
  };
  await isNamed('Crew');
  await stage.call('PATCH', `/v1/instances/friend/groups/${own.body.id}`, { subject: 'Night crew' });
  await isNamed('Night crew');
});

it('reads all that is unread, for whoever wrote it, on all devices', async () => {
  const ids = await written('friend', phone, ['one', 'two', 'three']);
  expect(await rowOf('one', friend)).toMatchObject({ unreadCount: 3, unread: true });
  const read = await stage.call('POST', `/v1/instances/one/chats/${friend}/read`);
  expect(read).toMatchObject({ status: 200, body: { read: 3 } });
  expect(await rowOf('one', friend)).toMatchObject({ unreadCount: 0, unread: false });
  for (const id of ids) await heard('friend', 'message.status', isRead(id));
  await heard('two', 'chat.updated', (e) => e.data.unreadCount === 0);
  expect(await rowOf('two', friend)).toMatchObject({ unreadCount: 0, unread: false });
  expect((await stage.call('POST', `/v1/instances/one/chats/${friend}/read`)).body).toEqual({ read: 0 });

  const made = await stage.call('POST', '/v1/instances/friend/groups', {
    subject: 'Both',
    participants: [phone, other],
  });
  const gid = made.body.id;
  const [first = ''] = await written('friend', gid, ['from the friend']);
  const [second = ''] = await written('other', gid, ['from the other']);
  expect((await stage.call('POST', `/v1/instances/one/chats/${gid}/read`)).body).toEqual({ read: 2 });
  await heard('friend', 'message.status', isRead(first));
  await heard('other', 'message.status', isRead(second));
  expect(await rowOf('one', gid)).toMatchObject({ unreadCount: 0 });
});

it('counts what is left unread above the message that was read, and takes the mark of the phone away', async () => {
  const [, middle = ''] = await written('friend', phone, ['a', 'b', 'c']);
  const chat = `/v1/instances/one/chats/${friend}`;
  expect((await stage.call('POST', `${chat}/read`, { messageIds: [middle] })).body).toEqual({ read: 1 });
  expect(await rowOf('one', friend)).toMatchObject({ unreadCount: 1, unread: true });
  await stage.call('PATCH', chat, { unread: true });
  await stage.call('POST', `${chat}/read`);
  expect(await rowOf('one', friend)).toMatchObject({ unreadCount: 0, unread: false });
});

it('clears and deletes what is kept, here and where another device deletes; a new message begins anew', async () => {
  await written('friend', phone, ['to be cleared']);
  const chat = `/v1/instances/one/chats/${friend}`;
  expect((await stage.call('POST', `${chat}/clear`)).status).toBe(204);
  expect(await textsOf('one', friend)).toEqual([]);
  expect(await rowOf('one', friend)).toMatchObject({ unreadCount: 0, lastMessage: null });
  await written('friend', phone, ['to be deleted']);
  expect((await stage.call('DELETE', chat)).status).toBe(204);
  expect((await stage.call('GET', chat)).status).toBe(404);
  expect(await textsOf('one', friend)).toEqual([]);
  await heard('two', 'chat.deleted', (e) => !e.data.messagesOnly && e.data.chat.pn?.startsWith(friend));
  await expect
    .poll(async () => (await stage.call('GET', `/v1/instances/two/chats/${friend}`)).status, {
      timeout: 30_000,
    })
    .toBe(404);
  await written('friend', phone, ['anew']);
  for (const device of devices) {
    expect(await textsOf(device, friend)).toEqual(['anew']);
    expect(await rowOf(device, friend)).toMatchObject({ unreadCount: 1, lastMessage: { text: 'anew' } });
  }
});

/** Changes of chats, as the account's other device and the other side of the chat see them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let other: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('one'));
  await stage.openInstance('two', phone);
  ({ phone: other } = await stage.openInstance('friend'));
});
afterAll(() => stage.stop());

const contact = '5511987658201';
const chat = `/v1/instances/one/chats/${contact}`;

const heard = async (instance: string, type: string, fits: (event: ReceivedEvent) => boolean, what: string) =>
  (
    await stage.hook.next(
      ({ event }) => event.instance === instance && event.type === type && fits(event),
      what,
    )
  ).event.data;

it('archives, pins, mutes and marks a chat on all devices', async () => {
  const mutedUntil = '2030-01-31T12:00:00.000Z';
  const party = { pn: `${contact}@s.whatsapp.net` };
  for (const change of [{ archived: true }, { pinned: true }, { mutedUntil }, { unread: true }]) {
    const [name, value] = Object.entries(change)[0] as [string, unknown];
    const changed = await stage.call('PATCH', chat, change);
    expect(changed).toMatchObject({ status: 200, body: { chat: party, ...change } });
    for (const instance of ['one', 'two']) {
      const data = await heard(
        instance,
        'chat.updated',
        (e) => e.data[name] === value,
        `${instance} ${name}`,
      );
      expect(data).toMatchObject({ chat: party, ...change });
    }
  }
  const undo = { archived: false, pinned: false, mutedUntil: null, unread: false };
  expect((await stage.call('PATCH', chat, undo)).body).toMatchObject(undo);
  for (const [name, value] of Object.entries(undo))
    await heard('two', 'chat.updated', (e) => e.data[name] === value, `two undoes ${name}`);
  expect((await stage.call('PATCH', chat, {})).status).toBe(400);
});

it('sets disappearing messages where the other side sees it', async () => {
  const to = `/v1/instances/one/chats/${other}`;
  expect((await stage.call('PATCH', to, { ephemeralSeconds: 86_400 })).status).toBe(200);
  await heard('friend', 'chat.updated', (e) => e.data.ephemeralSeconds === 86_400, 'the friend hears of it');
  expect((await stage.call('PATCH', to, { ephemeralSeconds: 60 })).body.code).toBe('validation_failed');
});

it('sends read receipts for messages', async () => {
  const message = { to: phone, type: 'text', text: 'please read' };
  const sent = await stage.call('POST', '/v1/instances/friend/messages', message);
  await heard('one', 'message.received', (e) => e.data.id === sent.body.id, 'the message came');
  const read = await stage.call('POST', `/v1/instances/one/chats/${other}/read`, {
    messageIds: [sent.body.id],
  });
  expect(read).toMatchObject({ status: 200, body: { read: 1 } });
  const isRead = (e: ReceivedEvent): boolean => e.data.id === sent.body.id && e.data.status === 'read';
  await heard('friend', 'message.status', isRead, 'the sender sees it read');
});

it('reads what comes in by itself while the settings say so', async () => {
  await stage.call('PATCH', '/v1/instances/one', { settings: { readMessages: true } });
  const message = { to: phone, type: 'text', text: 'read at once' };
  const sent = await stage.call('POST', '/v1/instances/friend/messages', message);
  const isRead = (e: ReceivedEvent): boolean => e.data.id === sent.body.id && e.data.status === 'read';
  await heard('friend', 'message.status', isRead, 'the sender sees it read');
  await stage.call('PATCH', '/v1/instances/one', { settings: { readMessages: false } });
});

it('shows typing, and hears it where it subscribed, without a storm', async () => {
  const subscribed = await stage.call('POST', `/v1/instances/one/chats/${other}/presence/subscribe`);
  expect(subscribed.status).toBe(204);
  const towards = `/v1/instances/friend/chats/${phone}/presence`;
  expect((await stage.call('PUT', towards, { state: 'composing' })).status).toBe(204);
  const typing = await heard('one', 'presence.updated', (e) => e.data.state === 'composing', 'typing');
  expect(typing.participant.pn).toBe(`${other}@s.whatsapp.net`);
  for (let n = 0; n < 20; n += 1) stage.sandbox.contact(contact).type(phone, 'composing');
  stage.sandbox.contact(contact).type(phone, 'recording');
  const isOfContact = (e: ReceivedEvent): boolean => e.data.participant.pn === `${contact}@s.whatsapp.net`;
  await heard('one', 'presence.updated', (e) => isOfContact(e) && e.data.state === 'recording', 'recording');
  const told = stage.hook.of('presence.updated').filter((e) => e.instance === 'one' && isOfContact(e));
  expect(told.length).toBeLessThanOrEqual(2);
  expect((await stage.call('PUT', towards, { state: 'dancing' })).status).toBe(400);
});

it('clears and deletes a chat on all devices', async () => {
  const kept = stage.sandbox.world.accounts.find(phone)?.collections.get('regular_high');
  const before = kept?.version ?? 0;
  expect((await stage.call('POST', `${chat}/clear`)).status).toBe(204);
  expect(kept?.version).toBe(before + 1);
  await heard('one', 'chat.deleted', (e) => e.data.messagesOnly, 'cleared');
  expect((await stage.call('DELETE', chat)).status).toBe(204);
  const deleted = await heard('two', 'chat.deleted', (e) => !e.data.messagesOnly, 'the other device deletes');
  expect(deleted.chat.pn).toBe(`${contact}@s.whatsapp.net`);
});

it('tells whom another device blocked', async () => {
  await stage.call('PUT', `/v1/instances/two/contacts/${contact}/block`);
  for (const instance of ['one', 'two']) {
    const data = await heard(instance, 'blocklist.updated', (e) => e.data.blocked, `${instance} hears it`);
    expect(data.contact.pn).toBe(`${contact}@s.whatsapp.net`);
  }
});

it('answers 409 while the instance is not open, 404 for a stranger', async () => {
  await stage.call('POST', '/v1/instances', { id: 'idle', connect: false });
  const refused = await stage.call('PATCH', '/v1/instances/idle/chats/5511987658201', { pinned: true });
  expect(refused).toMatchObject({ status: 409, body: { code: 'instance_not_open' } });
  const stranger = await stage.call('PATCH', '/v1/instances/one/chats/5511987650000', { pinned: true });
  expect(stranger).toMatchObject({ status: 404, body: { code: 'not_on_whatsapp' } });
});

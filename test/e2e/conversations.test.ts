/** What is kept of messages, chats and contacts, and what a contact does to a message, over HTTP and webhooks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollOf, voteFor } from '../../src/sandbox/contacts/change.ts';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
const writer = '5511987650001';
const other = '5511987650002';
const base = '/v1/instances/desk';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('desk'));
});
afterAll(() => stage.stop());

const get = async (path: string) => (await stage.call('GET', `${base}/${path}`)).body;
const told = (type: string, id: string) =>
  stage.hook.next(({ event }) => event.type === type && event.data.id === id, `${type} ${id}`);

describe('messages, chats and contacts', () => {
  it('are kept with their event, for both addresses of a person', async () => {
    const id = await stage.sandbox.sendFrom(writer, phone, 'bom dia');
    await told('message.received', id);
    const sent = await stage.call('POST', `${base}/messages`, { to: writer, type: 'text', text: 'olá' });
    const byNumber = await get(`messages?chat=${encodeURIComponent('+55 11 98765-0001')}`);
    expect(byNumber.items.map((one: { text: string }) => one.text)).toContain('bom dia');
    expect(byNumber.items.map((one: { id: string }) => one.id)).toContain(sent.body.id);
    const { lid } = byNumber.items[0].chat;
    expect(lid).toMatch(/@lid$/);
    expect((await get(`messages?chat=${lid}`)).items).toEqual(byNumber.items);
    const chat = await get(`chats/${writer}`);
    expect(chat).toMatchObject({ lid, pn: `${writer}@s.whatsapp.net`, name: 'Contact 0001', unread: true });
    expect(chat.unreadCount).toBeGreaterThanOrEqual(1);
    expect(await get(`contacts/${writer}`)).toMatchObject({ lid, pushName: 'Contact 0001' });
    expect((await get('contacts')).items).toHaveLength(1);
    expect((await stage.call('GET', `${base}/chats/5511987650999`)).status).toBe(404);
  });

  it('are paged, filtered and ordered', async () => {
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) ids.push(await stage.sandbox.sendFrom(other, phone, text));
    for (const id of ids) await told('message.received', id);
    const first = await get(`messages?chat=${other}&limit=2&order=oldest`);
    expect(first.items.map((one: { id: string }) => one.id)).toEqual(ids.slice(0, 2));
    const rest = await get(`messages?chat=${other}&limit=2&order=oldest&cursor=${first.next}`);
    expect([rest.items.map((one: { id: string }) => one.id), rest.next]).toEqual([ids.slice(2), null]);
    expect((await get(`messages?chat=${other}&type=image`)).items).toEqual([]);
    expect((await get('messages?after=2100-01-01T00:00:00Z')).items).toEqual([]);
    const chats = await get('chats?limit=1');
    expect(chats.items[0]).toMatchObject({ pn: `${other}@s.whatsapp.net`, unreadCount: 3 });
    expect(chats.items[0].lastMessage.text).toBe('three');
    const next = await get(`chats?limit=1&cursor=${chats.next}`);
    expect(next.items[0].pn).toBe(`${writer}@s.whatsapp.net`);
  });
});

describe('what a contact does to a message', () => {
  it('an edit, by the author only', async () => {
    const id = await stage.sandbox.sendFrom(writer, phone, 'wrod');
    await told('message.received', id);
    await stage.sandbox.contact(writer).edit(phone, id, 'word');
    const { event } = await told('message.edited', id);
    expect(event.data).toMatchObject({
      text: 'word',
      fromMe: false,
      from: { pn: `${writer}@s.whatsapp.net` },
    });
    expect(await get(`messages/${id}`)).toMatchObject({ text: 'word', editedAt: event.data.at });
  });

  it('a reaction, and its removal', async () => {
    const sent = await stage.call('POST', `${base}/messages`, { to: writer, type: 'text', text: 'like?' });
    const contact = stage.sandbox.contact(writer);
    await contact.react(phone, sent.body.id, '👍');
    expect((await told('message.reaction', sent.body.id)).event.data).toMatchObject({ emoji: '👍' });
    expect((await get(`messages/${sent.body.id}`)).reactions).toMatchObject([{ emoji: '👍' }]);
    await contact.react(phone, sent.body.id, '');
    const removed = await stage.hook.next(
      ({ event }) => event.type === 'message.reaction' && event.data.emoji === null,
      'the removal',
    );
    expect(removed.event.data.id).toBe(sent.body.id);
    expect((await get(`messages/${sent.body.id}`)).reactions).toEqual([]);
  });

  it('a deletion for everyone', async () => {
    const id = await stage.sandbox.sendFrom(writer, phone, 'oops');
    await told('message.received', id);
    await stage.sandbox.contact(writer).revoke(phone, id);
    const { event } = await told('message.deleted', id);
    expect(await get(`messages/${id}`)).toMatchObject({ text: null, deletedAt: event.data.at });
  });

  it('votes, opened and counted', async () => {
    const contact = stage.sandbox.contact(writer);
    const { message, secret } = pollOf('lunch?', ['pizza', 'salad']);
    const id = await contact.write(phone, message);
    expect((await told('message.received', id)).event.data).toMatchObject({ type: 'poll', text: 'lunch?' });
    const creator = contact.contact.pn;
    const key = { id, fromMe: true, remoteJid: `${phone}@s.whatsapp.net` };
    const poll = { key, secret, creator };
    await contact.write(phone, voteFor(poll, creator, ['pizza']));
    expect((await told('poll.vote', id)).event.data).toMatchObject({
      options: ['pizza'],
      results: [
        { option: 'pizza', votes: 1 },
        { option: 'salad', votes: 0 },
      ],
    });
    expect((await get(`messages/${id}`)).votes).toMatchObject([{ options: ['pizza'] }]);
  });

  it('on the phone of the account', async () => {
    const id = await stage.sandbox.sendFromPhone(phone, writer, 'from the phone');
    await told('message.sent', id);
    const remoteJid = `${writer}@s.whatsapp.net`;
    await stage.sandbox.sendFromPhone(phone, writer, {
      reactionMessage: { key: { id, fromMe: true, remoteJid }, text: '🎉' },
    });
    const { event } = await told('message.reaction', id);
    expect(event.data).toMatchObject({ emoji: '🎉', fromMe: true });
  });
});

it('keeps nothing where storeMessages is off', async () => {
  await stage.call('PATCH', base, { settings: { storeMessages: false } });
  const id = await stage.sandbox.sendFrom(other, phone, 'not kept');
  await told('message.received', id);
  expect((await stage.call('GET', `${base}/messages/${id}`)).status).toBe(404);
  await stage.call('PATCH', base, { settings: { storeMessages: true } });
});

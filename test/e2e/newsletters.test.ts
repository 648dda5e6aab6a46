/** Newsletters through REST, checked in the newsletters that WhatsApp's side keeps. */
import { proto } from '@whiskeysockets/baileys';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Newsletter } from '../../src/sandbox/newsletters/newsletters.ts';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let owner: string;
let reader: string;
const base = '/v1/instances/owner/newsletters';
const readers = '/v1/instances/reader/newsletters';
const unknown = '120363000000000000@newsletter';

beforeAll(async () => {
  stage = await startStage();
  owner = (await stage.openInstance('owner')).phone;
  reader = (await stage.openInstance('reader')).phone;
});
afterAll(() => stage.stop());

const kept = (id: string): Newsletter | null => stage.sandbox.world.newsletters.find(id);
const make = async (name: string): Promise<string> =>
  (await stage.call('POST', base, { name, description: 'What is on' })).body.id;

it('makes a newsletter, and reads it by JID, by code and by link', async () => {
  const made = await stage.call('POST', base, { name: 'Premieres', description: 'What is on' });
  expect(made.status).toBe(201);
  const { id, invite, url } = made.body;
  expect(kept(id)).toMatchObject({ name: 'Premieres', description: 'What is on', owner, invite });
  expect(made.body).toMatchObject({ role: 'owner', muted: false, followers: 1, state: 'active' });
  expect(await stage.call('GET', `${base}/${id}`)).toMatchObject({ status: 200, body: made.body });
  expect((await stage.call('GET', `${readers}/invite/${invite}`)).body).toMatchObject({ id, role: 'guest' });
  const byLink = await stage.call('GET', `${readers}/invite/${encodeURIComponent(url)}`);
  expect(byLink.body).toMatchObject({ id, name: 'Premieres' });
  const bare = await stage.call('POST', base, { name: 'Bare' });
  expect(bare).toMatchObject({ status: 201, body: { name: 'Bare', description: null } });
});

it('follows, mutes, lets be heard again and stops following', async () => {
  const id = await make('Rehearsals');
  const call = async (method: string, what: string, body?: unknown): Promise<number> =>
    (await stage.call(method, `${readers}/${id}/${what}`, body)).status;
  expect(await call('PUT', 'follow')).toBe(204);
  expect([...(kept(id)?.followers ?? [])]).toEqual([owner, reader]);
  expect(await call('PUT', 'mute', { on: true })).toBe(204);
  expect(kept(id)?.muted.has(reader)).toBe(true);
  const seen = (await stage.call('GET', `${readers}/${id}`)).body;
  expect(seen).toMatchObject({ role: 'subscriber', muted: true, followers: 2 });
  expect(await call('PUT', 'mute', { on: false })).toBe(204);
  expect(kept(id)?.muted.has(reader)).toBe(false);
  expect(await call('DELETE', 'follow')).toBe(204);
  expect([...(kept(id)?.followers ?? [])]).toEqual([owner]);
});

it('takes messages, brings them to followers and lists them page by page', async () => {
  const id = await make('Stage door');
  expect((await stage.call('PUT', `${readers}/${id}/follow`)).status).toBe(204);
  for (const text of ['first', 'second', 'third']) {
    const sent = await stage.call('POST', '/v1/instances/owner/messages', { to: id, type: 'text', text });
    expect(sent).toMatchObject({ status: 201, body: { status: 'sent', to: { jid: id } } });
    const message = kept(id)?.messages.at(-1);
    expect(message?.id).toBe(sent.body.id);
    const content = proto.Message.decode(message?.plain ?? new Uint8Array());
    expect(content.extendedTextMessage?.text ?? content.conversation).toBe(text);
  }
  const told = await stage.hook.next(
    ({ event }) => event.instance === 'reader' && event.data.text === 'third',
    'the message at the follower',
  );
  expect(told.event).toMatchObject({ type: 'message.received', data: { chat: { jid: id } } });
  kept(id)?.messages[2]?.reactions.set('👍', 2);
  const list = async (query: string) => (await stage.call('GET', `${readers}/${id}/messages?${query}`)).body;
  const page = await list('limit=2');
  expect(page.items.map(({ text }: { text: string }) => text)).toEqual(['third', 'second']);
  expect(page.items[0]).toMatchObject({
    id: kept(id)?.messages[2]?.id,
    ...{ type: 'text', views: 2, reactions: [{ emoji: '👍', count: 2 }] },
  });
  const older = await list(`limit=2&before=${page.next}`);
  expect(older.items.map(({ text }: { text: string }) => text)).toEqual(['first']);
  expect(older.next).toBe(null);
});

it('changes and deletes; only the owner may', async () => {
  const id = await make('Draft');
  const forbidden = { status: 502, body: { code: 'whatsapp_rejected', whatsappCode: 403 } };
  expect(await stage.call('PATCH', `${readers}/${id}`, { name: 'Mine' })).toMatchObject(forbidden);
  expect(await stage.call('DELETE', `${readers}/${id}`)).toMatchObject(forbidden);
  expect(kept(id)?.name).toBe('Draft');
  const named = await stage.call('PATCH', `${base}/${id}`, { name: 'First nights' });
  expect(named).toMatchObject({ status: 200, body: { name: 'First nights', description: 'What is on' } });
  expect(kept(id)).toMatchObject({ name: 'First nights', description: 'What is on' });
  const bared = await stage.call('PATCH', `${base}/${id}`, { description: null });
  expect(bared.body).toMatchObject({ name: 'First nights', description: null });
  expect(kept(id)?.description).toBe('');
  expect((await stage.call('DELETE', `${base}/${id}`)).status).toBe(204);
  expect(kept(id)).toBe(null);
  expect(await stage.call('GET', `${base}/${id}`)).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
});

it('refuses what is no newsletter, and says so for one that does not exist', async () => {
  const invalid = { status: 400, body: { code: 'validation_failed' } };
  for (const nid of ['123@g.us', '5511988887777', 'x@newsletter'])
    expect(await stage.call('GET', `${base}/${nid}`)).toMatchObject(invalid);
  expect(await stage.call('PUT', `${base}/123@g.us/follow`)).toMatchObject(invalid);
  expect(await stage.call('GET', `${base}/invite/a%20b`)).toMatchObject(invalid);
  expect(await stage.call('PATCH', `${base}/${unknown}`, {})).toMatchObject(invalid);
  expect(await stage.call('GET', `${base}/${unknown}/messages?before=x`)).toMatchObject(invalid);
  const missing = { status: 404, body: { code: 'not_found', whatsappCode: 404 } };
  expect(await stage.call('PUT', `${base}/${unknown}/follow`)).toMatchObject(missing);
  expect(await stage.call('GET', `${base}/invite/0029VaNobody`)).toMatchObject(missing);
  expect(await stage.call('GET', `${base}/${unknown}/messages`)).toMatchObject(missing);
});

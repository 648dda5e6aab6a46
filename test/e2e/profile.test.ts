/** Profile, privacy, presence and what is shown of contacts, as WhatsApp's side keeps them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
});
afterAll(() => stage.stop());

const base = '/v1/instances/sales';
const contact = '5511987658001';
const business = '5511987650077';
const account = () => {
  const found = stage.sandbox.world.accounts.find(phone);
  if (!found) throw new Error(`no account ${phone}`);
  return found;
};
const isOnline = (): boolean => [...account().companions.values()].some(({ isAvailable }) => isAvailable);
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(500, 7)]);

it('changes name and about, for all devices', async () => {
  await stage.openInstance('second', phone);
  const changed = await stage.call('PATCH', `${base}/profile`, { name: 'Theatre', about: 'Open at 8' });
  expect(changed).toMatchObject({ status: 200, body: { name: 'Theatre', about: 'Open at 8' } });
  expect(account().about).toBe('Open at 8');
  const shown = await stage.call('GET', `${base}/profile`);
  expect(shown).toMatchObject({ status: 200, body: { name: 'Theatre', about: 'Open at 8', picture: null } });
  const meOfSecond = () => stage.gateway.commands.getInstance('second')?.status.me?.name;
  await stage.until(() => meOfSecond() === 'Theatre', 'the other device has the name');
});

/** Baileys took the name from `notify` of every own message: what the phone sent under its old name undid a change. */
it('keeps the name where the phone still writes under the old one', async () => {
  const id = await stage.sandbox.sendFromPhone(phone, contact, 'from the phone');
  for (const instance of ['sales', 'second']) {
    const sent = await stage.hook.next(
      ({ event }) => event.instance === instance && event.data.id === id,
      `${instance} hears of the message`,
    );
    expect(sent.event).toMatchObject({ type: 'message.sent', data: { pushName: 'Theatre' } });
    expect(stage.gateway.commands.getInstance(instance)?.status.me?.name).toBe('Theatre');
  }
});

// Baileys wrote such a name into an attribute as an empty JID, and WhatsApp closed the connection.
it.each(['@', 'Theatre @', 'constructor', 'a:1@b'])(
  'takes the name "%s" and stays connected',
  async (name) => {
    const changed = await stage.call('PATCH', `${base}/profile`, { name });
    expect(changed).toMatchObject({ status: 200, body: { name } });
    expect((await stage.call('GET', base)).body).toMatchObject({
      state: 'open',
      reconnects: 0,
      me: { name },
    });
  },
);

it('shows and changes privacy, and refuses a value that a category does not take', async () => {
  const change = { lastSeen: 'none', readReceipts: 'none', defaultEphemeralSeconds: 86_400 };
  const changed = await stage.call('PATCH', `${base}/privacy`, change);
  expect(changed).toMatchObject({ status: 200, body: { ...change, groupAdd: 'all' } });
  expect(account().privacy).toEqual(
    new Map([
      ['last', 'none'],
      ['readreceipts', 'none'],
    ]),
  );
  expect(account().disappearingSeconds).toBe(86_400);
  expect((await stage.call('GET', `${base}/privacy`)).body).toEqual(changed.body);
  for (const bad of [{ readReceipts: 'contacts' }, {}, { unknown: 'all' }, { defaultEphemeralSeconds: 5 }]) {
    const refused = await stage.call('PATCH', `${base}/privacy`, bad);
    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  }
});

it('changes every category of privacy, under the name that WhatsApp has for it', async () => {
  const change = {
    ...{ lastSeen: 'contacts', online: 'match_last_seen', picture: 'none', about: 'contact_blacklist' },
    ...{ readReceipts: 'all', groupAdd: 'contacts', calls: 'known', messages: 'contacts' },
  };
  const changed = await stage.call('PATCH', `${base}/privacy`, change);
  expect(changed).toMatchObject({ status: 200, body: change });
  expect(Object.fromEntries(account().privacy)).toEqual({
    ...{ last: 'contacts', online: 'match_last_seen', profile: 'none', status: 'contact_blacklist' },
    ...{ readreceipts: 'all', groupadd: 'contacts', calladd: 'known', messages: 'contacts' },
  });
});

it('goes online and offline', async () => {
  expect(isOnline()).toBe(false);
  expect((await stage.call('PUT', `${base}/presence`, { state: 'available' })).status).toBe(204);
  await stage.until(isOnline, 'the account is online');
  expect((await stage.call('PUT', `${base}/presence`, { state: 'unavailable' })).status).toBe(204);
  await stage.until(() => !isOnline(), 'the account is offline');
});

it('stays online while the settings say so, from the change on', async () => {
  await stage.call('PATCH', base, { settings: { alwaysOnline: true } });
  await stage.until(isOnline, 'the account is online');
  for (const companion of account().companions.values()) companion.isAvailable = false;
  await stage.call('POST', `${base}/restart`);
  await stage.untilState('sales', 'open');
  await stage.until(isOnline, 'the account is online after a restart');
  await stage.call('PATCH', base, { settings: { alwaysOnline: false } });
  await stage.until(() => !isOnline(), 'the account is offline');
});

it('shows about, picture and business profile of contacts', async () => {
  const about = await stage.call('GET', `${base}/contacts/${contact}/about`);
  expect(about).toMatchObject({
    status: 200,
    body: { about: 'About Contact 8001', contact: { pn: `${contact}@s.whatsapp.net` } },
  });
  const none = await stage.call('GET', `${base}/contacts/${contact}/picture`);
  expect(none).toMatchObject({ status: 404, body: { code: 'not_found' } });
  stage.sandbox.contact(contact).setPicture(jpeg);
  const picture = await stage.call('GET', `${base}/contacts/${contact}/picture?size=preview`);
  expect(picture.body.url).toBe(stage.sandbox.world.pictures.find(contact)?.url);
  const profile = await stage.call('GET', `${base}/contacts/${business}/business`);
  expect(profile.body).toMatchObject({ description: 'Business Contact 0077', category: 'Theatre' });
  const person = await stage.call('GET', `${base}/contacts/${contact}/business`);
  expect(person).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

it('answers 409 while the phone has not shared the keys of what all devices know, and works once it has', async () => {
  const late = '5511944441234';
  stage.sandbox.faults.stanza({ effect: 'drop', account: late, tag: 'message', count: 4 });
  await stage.openInstance('late', late);
  const path = '/v1/instances/late';
  const changes: [string, string, object][] = [
    ['PATCH', `${path}/profile`, { name: 'Too early' }],
    ['PATCH', `${path}/chats/${contact}`, { archived: true }],
    ['POST', `${path}/labels`, { name: 'Paid' }],
  ];
  for (const [method, route, body] of changes) {
    const refused = await stage.call(method, route, body);
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(refused.body.detail).toContain('keys');
  }
  expect(stage.sandbox.world.accounts.find(late)?.collections.get('critical_block')?.version ?? 0).toBe(0);
  // What was not acknowledged comes again with the next login.
  await stage.call('POST', `${path}/restart`);
  const devices = [...(stage.sandbox.world.accounts.find(late)?.companions.values() ?? [])];
  await stage.until(() => devices.every(({ queue }) => queue.size === 0), 'the keys arrive');
  await stage.untilState('late', 'open');
  let named = await stage.call('PATCH', `${path}/profile`, { name: 'In time' });
  for (let tries = 0; tries < 100 && named.status === 409; tries += 1)
    named = await stage.call('PATCH', `${path}/profile`, { name: 'In time' });
  expect(named).toMatchObject({ status: 200, body: { name: 'In time' } });
  expect(stage.sandbox.world.accounts.find(late)?.collections.get('critical_block')?.version).toBe(1);
});

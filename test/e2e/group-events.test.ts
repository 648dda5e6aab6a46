/** Events about groups: who else did what, as webhooks get it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let host: string;
let gid: string;
const ann = '5511987658001';
const pn = (number: string): string => `${number}@s.whatsapp.net`;
const party = (number: string) => ({ pn: pn(number), lid: expect.stringMatching(/@lid$/) });
const asHost = (method: string, path: string, body?: unknown) =>
  stage.call(method, `/v1/instances/host/groups${path}`, body);

async function told(instance: string, type: string, fits: (event: ReceivedEvent) => boolean) {
  const wanted = ({ event }: { event: ReceivedEvent }): boolean =>
    event.instance === instance && event.type === type && event.data.chat.jid === gid && fits(event);
  return (await stage.hook.next(wanted, `${type} at ${instance}`)).event.data;
}
const changed = (name: string, instance = 'sales') =>
  told(instance, 'group.updated', ({ data }) => name in data.changes);
const membership = (action: string, instance = 'sales') =>
  told(instance, 'group.participants', ({ data }) => data.action === action);

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  ({ phone: host } = await stage.openInstance('host'));
  const made = await asHost('POST', '', { subject: 'Cast', participants: [phone] });
  gid = made.body.id;
});
afterAll(() => stage.stop());

it('tells of a group that the account was put into, with both addresses of everybody', async () => {
  expect(await changed('created')).toMatchObject({
    author: party(host),
    at: expect.stringMatching(/Z$/),
    changes: { subject: 'Cast' },
  });
  expect(await membership('add')).toMatchObject({ author: party(host) });
  const { participants } = await membership('add');
  expect(participants).toEqual(expect.arrayContaining([expect.objectContaining(party(phone))]));
});

it('tells members and the account itself of changes, with their author', async () => {
  await asHost('PATCH', `/${gid}`, { subject: 'Crew', announce: true, ephemeralSeconds: 86_400 });
  await asHost('PATCH', `/${gid}`, { description: 'who is on', locked: true, memberAddMode: 'admins' });
  expect(await changed('subject', 'host')).toMatchObject({ author: party(host) });
  expect(
    (await told('sales', 'group.updated', (e) => e.data.changes.subject === 'Crew')).author,
  ).toMatchObject(party(host));
  expect((await changed('announce')).changes).toEqual({ announce: true });
  expect((await changed('ephemeralSeconds')).changes).toEqual({ ephemeralSeconds: 86_400 });
  await told('sales', 'group.updated', ({ data }) => data.changes.description === 'who is on');
  expect((await changed('locked')).changes).toEqual({ locked: true });
  expect((await changed('memberAddMode')).changes).toEqual({ memberAddMode: 'admins' });
});

it('tells who was promoted, added, removed, and who left', async () => {
  await asHost('PATCH', `/${gid}/participants`, { action: 'promote', participants: [phone] });
  expect(await membership('promote')).toMatchObject({ participants: [party(phone)], author: party(host) });
  await asHost('POST', `/${gid}/participants`, { participants: [ann] });
  await told('sales', 'group.participants', ({ data }) => data.participants[0].pn === pn(ann));
  await asHost('DELETE', `/${gid}/participants`, { participants: [ann] });
  expect(await membership('remove')).toMatchObject({ participants: [party(ann)], author: party(host) });
  await stage.call('DELETE', `/v1/instances/sales/groups/${gid}`);
  expect(await membership('leave', 'host')).toMatchObject({ participants: [party(phone)] });
});

it('tells admins of requests to join and of their end', async () => {
  const request = (action: string) =>
    told('host', 'group.join_request', ({ data }) => data.action === action);
  await asHost('PATCH', `/${gid}`, { joinApproval: true });
  const { body } = await asHost('GET', `/${gid}/invite`);
  await stage.call('POST', '/v1/instances/sales/groups/join', { invite: body.url });
  expect(await request('requested')).toMatchObject({ participants: [party(phone)], method: 'invite_link' });
  await asHost('POST', `/${gid}/requests`, { action: 'reject', participants: [phone] });
  expect(await request('rejected')).toMatchObject({ participants: [party(phone)], author: party(host) });
});

it('raises one event for one notification', () => {
  const seen = stage.hook.of('group.updated').map(({ id }) => id);
  expect(new Set(seen).size).toBe(seen.length);
  const subjects = stage.hook
    .of('group.updated')
    .filter(({ instance, data }) => instance === 'sales' && data.changes.subject === 'Crew');
  expect(subjects).toHaveLength(1);
});

it('tells a notification once that WhatsApp brings twice: at once, and again after a lost acknowledgement', async () => {
  const heard = (subject: string) =>
    stage.hook
      .of('group.updated')
      .filter(({ instance, data }) => instance === 'sales' && data.changes.subject === subject);
  const rename = (subject: string) => asHost('PATCH', `/${gid}`, { subject });
  await asHost('PATCH', `/${gid}`, { joinApproval: false });
  await asHost('POST', `/${gid}/participants`, { participants: [phone] });
  await membership('add');
  const { faults } = stage.sandbox;
  faults.stanza({ effect: 'duplicate', account: phone, tag: 'notification' });
  await rename('Twice at once');
  await rename('After it');
  await told('sales', 'group.updated', ({ data }) => data.changes.subject === 'After it');
  expect(heard('Twice at once')).toHaveLength(1);

  faults.stanza({ effect: 'drop', direction: 'fromAccount', account: phone, tag: 'ack' });
  await rename('Not acknowledged');
  await told('sales', 'group.updated', ({ data }) => data.changes.subject === 'Not acknowledged');
  faults.close('drop', phone);
  await stage.untilState('sales', 'reconnecting');
  await stage.untilState('sales', 'open');
  await rename('Later');
  await told('sales', 'group.updated', ({ data }) => data.changes.subject === 'Later');
  const redelivered = stage.sandbox
    .ledger({ account: phone, kind: 'notification' })
    .filter(({ sends }) => sends > 1);
  expect(redelivered.length).toBeGreaterThanOrEqual(1);
  expect(heard('Not acknowledged')).toHaveLength(1);
});

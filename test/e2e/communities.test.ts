/** Communities through REST, checked in the groups that WhatsApp's side keeps. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
let member: string;
const base = '/v1/instances/sales';
const members = '/v1/instances/member';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  ({ phone: member } = await stage.openInstance('member'));
});
afterAll(() => stage.stop());

it('makes a community, links a group to it, lists it and unlinks it', async () => {
  const made = await stage.call('POST', `${base}/communities`, {
    subject: 'Theatre',
    description: 'All casts',
  });
  expect(made).toMatchObject({ status: 201, body: { subject: 'Theatre', isCommunity: true } });
  const { id } = made.body;
  expect(stage.sandbox.world.groups.find(id)).toMatchObject({ isCommunity: true, subject: 'Theatre' });
  const group = (await stage.call('POST', `${base}/groups`, { subject: 'Cast', participants: [] })).body.id;
  const link = `${base}/communities/${id}/groups/${group}`;
  expect((await stage.call('PUT', link)).status).toBe(204);
  expect(stage.sandbox.world.groups.find(group)?.linkedParent).toBe(id);
  expect((await stage.call('GET', `${base}/groups/${group}`)).body.community).toBe(id);
  const told = await stage.hook.next(({ event }) => event.data.changes?.community === id, 'the link');
  expect(told.event.data.chat.jid).toBe(group);
  const listed = await stage.call('GET', `${base}/communities/${id}/groups`);
  expect(listed.body.items).toEqual(expect.arrayContaining([{ id: group, subject: 'Cast', size: 1 }]));
  expect((await stage.call('DELETE', link)).status).toBe(204);
  expect(stage.sandbox.world.groups.find(group)?.linkedParent).toBe(null);
  expect(await stage.call('DELETE', link)).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

/** A community with one linked group, and the member in both and in its announcement group. */
async function joined(subject: string): Promise<{ id: string; group: string; announcements: string }> {
  const { id } = (await stage.call('POST', `${base}/communities`, { subject })).body;
  const made = await stage.call('POST', `${base}/groups`, { subject: 'Cast', participants: [member] });
  expect((await stage.call('PUT', `${base}/communities/${id}/groups/${made.body.id}`)).status).toBe(204);
  const { world } = stage.sandbox;
  const invite = world.groups.find(id)?.inviteCode;
  const join = await stage.call('POST', `${members}/groups/join`, { invite });
  expect(join.body).toEqual({ id, status: 'joined' });
  const announcements = world.groups.subGroupsOf(id).find((sub) => sub.isDefaultSubGroup)?.jid ?? '';
  expect(world.groups.find(announcements)?.members.has(member)).toBe(true);
  return { id, group: made.body.id, announcements };
}

it('is left with all of its groups, which the others are told; its owner cannot', async () => {
  const { id, group, announcements } = await joined('Touring');
  expect((await stage.call('DELETE', `${members}/groups/${id}`)).status).toBe(204);
  for (const jid of [id, group, announcements]) {
    expect(stage.sandbox.world.groups.find(jid)?.members.has(member)).toBe(false);
    const { event } = await stage.hook.next(
      ({ event: { instance, type, data } }) =>
        instance === 'sales' &&
        type === 'group.participants' &&
        data.chat.jid === jid &&
        data.action === 'leave',
      `the owner hears that ${jid} was left`,
    );
    expect(event.data.participants).toMatchObject([{ pn: `${member}@s.whatsapp.net` }]);
  }
  expect(await stage.call('DELETE', `${members}/groups/${id}`)).toMatchObject({ status: 404 });
  const owner = await stage.call('DELETE', `${base}/groups/${id}`);
  expect(owner).toMatchObject({ status: 502, body: { code: 'whatsapp_rejected', whatsappCode: 405 } });
  expect(stage.sandbox.world.groups.find(id)?.members.has(phone)).toBe(true);
});

it('is deactivated by its owner alone: gone for everybody, its groups stay unlinked', async () => {
  const { id, group, announcements } = await joined('Closed');
  const refused = await stage.call('DELETE', `${members}/communities/${id}`);
  expect(refused).toMatchObject({ status: 502, body: { code: 'whatsapp_rejected', whatsappCode: 403 } });
  const noCommunity = await stage.call('DELETE', `${base}/communities/${group}`);
  expect(noCommunity).toMatchObject({ status: 400, body: { errors: [{ path: 'gid' }] } });
  expect((await stage.call('DELETE', `${base}/communities/${id}`)).status).toBe(204);
  const { groups } = stage.sandbox.world;
  expect([groups.find(id), groups.find(announcements)]).toEqual([null, null]);
  expect(groups.find(group)).toMatchObject({ linkedParent: null, subject: 'Cast' });
  await stage.hook.next(
    ({ event: { instance, data } }) =>
      instance === 'member' && data.chat?.jid === id && data.changes?.deleted === true,
    'the member hears that it is gone',
  );
  await stage.hook.next(
    ({ event: { instance, data } }) =>
      instance === 'member' && data.chat?.jid === group && data.changes?.community === null,
    'the member hears that the group is linked no more',
  );
  expect((await stage.call('GET', `${members}/groups/${group}`)).body.community).toBe(null);
  expect((await stage.call('GET', `${members}/groups/${id}`)).status).toBe(404);
});

it('loses a member from all of its groups, and asks for approval in its own way', async () => {
  const { id, group, announcements } = await joined('Understudies');
  const removed = await stage.call('DELETE', `${base}/groups/${id}/participants`, { participants: [member] });
  expect(removed.body.results).toMatchObject([{ code: 200, party: { pn: `${member}@s.whatsapp.net` } }]);
  for (const jid of [id, group, announcements]) {
    expect(stage.sandbox.world.groups.find(jid)?.members.has(member)).toBe(false);
    await stage.hook.next(
      ({ event: { instance, type, data } }) =>
        instance === 'member' &&
        type === 'group.participants' &&
        data.chat.jid === jid &&
        data.action === 'remove',
      `the member hears of ${jid}`,
    );
  }
  const approved = await stage.call('PATCH', `${base}/groups/${id}`, { joinApproval: true });
  expect(approved).toMatchObject({ status: 200, body: { joinApproval: true, isCommunity: true } });
  expect(stage.sandbox.world.groups.find(id)?.hasApproval).toBe(true);
  await stage.hook.next(
    ({ event: { data } }) => data.chat?.jid === id && data.changes?.joinApproval === true,
    'the approval is told',
  );
  const invite = stage.sandbox.world.groups.find(id)?.inviteCode;
  const asked = await stage.call('POST', `${members}/groups/join`, { invite });
  expect(asked.body).toEqual({ id, status: 'requested' });
  const decided = await stage.call('POST', `${base}/groups/${id}/requests`, {
    action: 'approve',
    participants: [member],
  });
  expect(decided.body.results).toMatchObject([{ code: 200 }]);
  expect(stage.sandbox.world.groups.find(id)?.members.has(member)).toBe(true);
});

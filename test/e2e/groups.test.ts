/** Groups through REST, checked in the groups that WhatsApp's side keeps. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Group } from '../../src/sandbox/groups/group.ts';
import { type Answer, type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
let gid: string;
const ann = '5511987658001';
const ben = '5511987658002';
const eve = '5511987658003';
const groups = '/v1/instances/sales/groups';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  stage.sandbox.contact(eve);
});
afterAll(() => stage.stop());

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  stage.call(method, `${groups}${path}`, body);
const there = (): Group => {
  const group = stage.sandbox.world.groups.find(gid);
  if (!group) throw new Error(`WhatsApp's side has no ${gid}`);
  return group;
};
const roles = (): Record<string, string> => Object.fromEntries(there().members);
const pn = (number: string): string => `${number}@s.whatsapp.net`;

beforeEach(async () => {
  const made = await call('POST', '', { subject: 'Team', participants: [`+${ann}`] });
  expect(made).toMatchObject({ status: 201 });
  gid = made.body.id;
});

it('makes a group with a description, and says of each participant what became of them', async () => {
  stage.sandbox.world.groups.unaddable.add(eve);
  const participants = [ann, eve, '5511987650000'];
  const made = await call('POST', '', { subject: 'Sales', description: 'All of us', participants });
  stage.sandbox.world.groups.unaddable.clear();
  gid = made.body.id;
  expect(made.body).toMatchObject({
    subject: 'Sales',
    description: 'All of us',
    size: 2,
    owner: { pn: pn(phone), lid: expect.stringMatching(/@lid$/) },
    addressingMode: 'lid',
    results: [
      { input: ann, code: 200, error: null, party: { pn: pn(ann), lid: expect.stringMatching(/@lid$/) } },
      { input: eve, code: 403, invite: { code: expect.any(String), expiresAt: expect.any(String) } },
      { input: '5511987650000', code: 404, party: null },
    ],
  });
  expect(there().description?.body).toBe('All of us');
  expect(roles()).toEqual({ [phone]: 'superadmin', [ann]: 'member' });
});

it('makes a group with a subject that looks like an address', async () => {
  const made = await call('POST', '', { subject: 'Team @ home', participants: [ann] });
  expect(made).toMatchObject({ status: 201, body: { subject: 'Team @ home' } });
  expect(stage.sandbox.world.groups.find(made.body.id)?.subject).toBe('Team @ home');
  expect((await call('DELETE', `/${made.body.id}`)).status).toBe(204);
});

it('reads one group, and lists all in pages', async () => {
  const one = await call('GET', `/${gid}`);
  expect(one.body).toMatchObject({
    id: gid,
    subject: 'Team',
    announce: false,
    memberAddMode: 'everyone',
    createdAt: expect.stringMatching(/Z$/),
    participants: [{ role: 'superadmin' }, { role: 'member', party: { pn: pn(ann) } }],
  });
  const first = await call('GET', '?limit=1');
  expect(first.body.items[0]).toMatchObject({ participants: null });
  const rest = await call('GET', `?limit=200&participants=true&cursor=${first.body.next}`);
  const ids = [...first.body.items, ...rest.body.items].map(({ id }) => id);
  expect(ids).toEqual(
    stage.sandbox.world.groups
      .ofMember(phone)
      .map(({ jid }) => jid)
      .sort(),
  );
  expect(rest.body).toMatchObject({ next: null });
  expect(rest.body.items.at(-1).participants).toHaveLength(2);
});

it('changes every setting, and a partial change leaves the others', async () => {
  const change = {
    subject: 'Renamed',
    description: 'New words',
    announce: true,
    locked: true,
    ephemeralSeconds: 86_400,
    joinApproval: true,
    memberAddMode: 'admins',
  };
  const changed = await call('PATCH', `/${gid}`, change);
  expect(changed).toMatchObject({ status: 200, body: change });
  expect(there()).toMatchObject({
    subject: 'Renamed',
    description: { body: 'New words' },
    isAnnouncement: true,
    isLocked: true,
    ephemeralSeconds: 86_400,
    hasApproval: true,
    addMode: 'admin_add',
  });
  const back = { announce: false, locked: false, ephemeralSeconds: 0, description: null };
  expect((await call('PATCH', `/${gid}`, back)).body).toMatchObject({ ...back, subject: 'Renamed' });
  expect(there()).toMatchObject({ isAnnouncement: false, isLocked: false, description: null });
});

it('adds, promotes, demotes and removes participants, one result each', async () => {
  const added = await call('POST', `/${gid}/participants`, { participants: [ben, ann, '5511987650000'] });
  expect(added.body.results).toMatchObject([
    { input: ben, code: 200, party: { pn: pn(ben), lid: expect.any(String) } },
    { input: ann, code: 409, error: expect.stringContaining('already') },
    { code: 404, party: null },
  ]);
  expect(roles()).toMatchObject({ [ben]: 'member' });
  await call('PATCH', `/${gid}/participants`, { action: 'promote', participants: [ben] });
  expect(roles()).toMatchObject({ [ben]: 'admin' });
  await call('PATCH', `/${gid}/participants`, { action: 'demote', participants: [ben] });
  expect(roles()).toMatchObject({ [ben]: 'member' });
  const removed = await call('DELETE', `/${gid}/participants`, { participants: [pn(ben), eve] });
  expect(removed.body.results).toMatchObject([{ code: 200 }, { code: 404 }]);
  expect(Object.keys(roles())).toEqual([phone, ann]);
});

it('shows and revokes the invite, shows its group, and leaves', async () => {
  const invite = await call('GET', `/${gid}/invite`);
  const code = there().inviteCode;
  expect(invite.body).toEqual({ code, url: `https://chat.whatsapp.com/${code}` });
  expect((await call('GET', `/invite/${code}`)).body).toMatchObject({ id: gid, subject: 'Team', size: 2 });
  const revoked = await call('DELETE', `/${gid}/invite`);
  expect(revoked.body.code).toBe(there().inviteCode);
  expect(await call('GET', `/invite/${code}`)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect((await call('DELETE', `/${gid}`)).status).toBe(204);
  expect(roles()).toEqual({ [ann]: 'admin' });
  const gone = await call('GET', `/${gid}`);
  expect(gone).toMatchObject({ status: 404, body: { code: 'not_found', whatsappCode: 403 } });
});

it('joins by link at once, or asks where admins approve; admins see and decide requests', async () => {
  const host = await stage.openInstance('host');
  const made = await stage.call('POST', '/v1/instances/host/groups', { subject: 'Open', participants: [] });
  gid = made.body.id;
  const invite = `https://chat.whatsapp.com/${there().inviteCode}`;
  expect((await call('POST', '/join', { invite })).body).toEqual({ id: gid, status: 'joined' });
  expect(roles()).toEqual({ [host.phone]: 'superadmin', [phone]: 'member' });

  await call('DELETE', `/${gid}`);
  await stage.call('PATCH', `/v1/instances/host/groups/${gid}`, { joinApproval: true });
  expect((await call('POST', '/join', { invite })).body).toEqual({ id: gid, status: 'requested' });
  const requests = await stage.call('GET', `/v1/instances/host/groups/${gid}/requests`);
  expect(requests.body).toMatchObject({
    items: [{ party: { pn: pn(phone) }, method: 'invite_link', requestedAt: expect.any(String) }],
    next: null,
  });
  const decide = (action: string) =>
    stage.call('POST', `/v1/instances/host/groups/${gid}/requests`, { action, participants: [phone] });
  expect((await decide('reject')).body.results).toMatchObject([{ code: 200 }]);
  expect(there().requests.size).toBe(0);
  await call('POST', '/join', { invite });
  expect((await decide('approve')).body.results).toMatchObject([{ code: 200 }]);
  expect(roles()).toMatchObject({ [phone]: 'member' });
  expect((await decide('approve')).body.results).toMatchObject([{ code: 404 }]);
});

it('refuses what is no group, no person and no change; what WhatsApp refuses is typed', async () => {
  const refusals: [Promise<Answer>, number, string][] = [
    [call('GET', `/${pn(ann)}`), 400, 'validation_failed'],
    [call('GET', '/nothing'), 400, 'validation_failed'],
    [call('GET', '/120363000000000000@g.us'), 404, 'not_found'],
    [call('PATCH', `/${gid}`, {}), 400, 'validation_failed'],
    [call('PATCH', `/${gid}`, { ephemeralSeconds: 5 }), 400, 'validation_failed'],
    [call('POST', `/${gid}/participants`, { participants: [gid] }), 400, 'validation_failed'],
    [call('POST', '/join', { invite: 'no!' }), 400, 'validation_failed'],
    [call('POST', '/join', { invite: 'AAAAAAAAAAAAAAAAAAAAAA' }), 404, 'not_found'],
    [call('DELETE', '/120363000000000000@g.us'), 404, 'not_found'],
  ];
  for (const [answer, status, code] of refusals) {
    expect(await answer).toMatchObject({ status, body: { code } });
  }
  const foreign = stage.sandbox.contact(ann).createGroup('Theirs', [phone]);
  const change = await call('PATCH', `/${foreign}/participants`, {
    action: 'promote',
    participants: [phone],
  });
  expect(change).toMatchObject({ status: 502, body: { code: 'whatsapp_rejected', whatsappCode: 403 } });
});

it('asks WhatsApp for a group once, however often it is read, and again after a change', async () => {
  const asked = () => stage.sandbox.world.counters.ofAccount(phone).groupQueries;
  await stage.until(() => there().members.size === 2, 'the group is there');
  await call('GET', `/${gid}`);
  const devices = [...(stage.sandbox.world.accounts.find(phone)?.companions.values() ?? [])];
  await stage.until(() => devices.every(({ queue }) => queue.size === 0), 'what was told is acknowledged');
  const before = asked();
  await Promise.all(Array.from({ length: 20 }, () => call('GET', `/${gid}`)));
  expect(asked()).toBe(before);
  await call('PATCH', `/${gid}`, { subject: 'Fresh' });
  expect((await call('GET', `/${gid}`)).body.subject).toBe('Fresh');
  expect(asked()).toBeGreaterThan(before);
});

/** Communities through REST, checked in the groups that WhatsApp's side keeps. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
const base = '/v1/instances/sales';

beforeAll(async () => {
  stage = await startStage();
  await stage.openInstance('sales');
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

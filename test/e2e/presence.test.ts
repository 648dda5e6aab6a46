/** Presence as the other side hears it: online and offline of who is subscribed to, typing in chats and groups. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
let friend: string;
const ann = '5511987658001';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  ({ phone: friend } = await stage.openInstance('friend'));
  const subscribed = await stage.call('POST', `/v1/instances/friend/chats/${phone}/presence/subscribe`);
  expect(subscribed.status).toBe(204);
});
afterAll(() => stage.stop());

/** The latest that the friend was told of a chat is this. */
const hears = (chat: string, state: string) =>
  stage.hook.until(() => {
    const told = stage.hook
      .of('presence.updated')
      .filter(({ instance, data }) => instance === 'friend' && [data.chat.jid, data.chat.pn].includes(chat));
    return told.at(-1)?.data.state === state;
  }, `${state} in ${chat}`);
const latest = () => stage.hook.of('presence.updated').at(-1)?.data;

it('online and offline, with when it was last seen', async () => {
  const pn = `${phone}@s.whatsapp.net`;
  for (const state of ['available', 'unavailable'] as const) {
    expect((await stage.call('PUT', '/v1/instances/sales/presence', { state })).status).toBe(204);
    await hears(pn, state);
    expect(latest()).toMatchObject({ participant: { pn } });
  }
  expect(latest().lastSeen).toMatch(/Z$/);
});

it('typing and recording, and their end', async () => {
  for (const [state, heard] of [
    ['composing', 'composing'],
    ['recording', 'recording'],
    ['paused', 'available'],
  ] as const) {
    const shown = await stage.call('PUT', `/v1/instances/sales/chats/${friend}/presence`, { state });
    expect(shown.status).toBe(204);
    await hears(`${phone}@s.whatsapp.net`, heard);
  }
});

it('typing in a group, named by who does', async () => {
  const gid = stage.sandbox.contact(ann).createGroup('Cast', [phone, friend]);
  const path = `/v1/instances/sales/chats/${gid}/presence`;
  expect((await stage.call('PUT', path, { state: 'composing' })).status).toBe(204);
  await hears(gid, 'composing');
  expect(latest()).toMatchObject({
    chat: { jid: gid },
    participant: { lid: stage.sandbox.world.accounts.find(phone)?.lidJid },
  });
});

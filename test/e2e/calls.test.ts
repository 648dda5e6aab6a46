/** Calls: told, rejected over REST, rejected by the setting with one message to the caller. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('desk'));
});
afterAll(() => stage.stop());

const caller = '5511987658101';
const isOf = (type: string, id: string) => (delivered: { event: { type: string; data: { id: string } } }) =>
  delivered.event.type === type && delivered.event.data.id === id;

it('tells a call and rejects it, once', async () => {
  const call = stage.sandbox.contact(caller).call(phone, true);
  const { event } = await stage.hook.next(isOf('call.received', call.id), 'the call is told');
  expect(event.data).toMatchObject({
    ...{ isVideo: true, isGroup: false, group: null, offline: false },
    from: { pn: `${caller}@s.whatsapp.net`, lid: stage.sandbox.contact(caller).contact.lidJid },
  });
  expect((await stage.call('POST', `/v1/instances/desk/calls/${call.id}/reject`)).status).toBe(204);
  expect(call.state).toBe('rejected');
  const ended = await stage.hook.next(isOf('call.ended', call.id), 'the end is told');
  expect(ended.event.data).toMatchObject({ reason: 'rejected', from: event.data.from });
  const again = await stage.call('POST', `/v1/instances/desk/calls/${call.id}/reject`);
  expect(again).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

it('tells how a call ended that nobody took', async () => {
  for (const [reason, told] of [
    ['timeout', 'timeout'],
    ['hangup', 'ended'],
  ] as const) {
    const call = stage.sandbox.contact(caller).call(phone);
    await stage.hook.next(isOf('call.received', call.id), 'the call is told');
    stage.sandbox.contact(caller).hangUp(call, reason);
    const { event } = await stage.hook.next(isOf('call.ended', call.id), 'the end is told');
    expect(event.data.reason).toBe(told);
  }
});

it('rejects by itself and writes once, from the change of the settings on', async () => {
  const settings = { rejectCalls: true, rejectCallMessage: 'Please write instead' };
  await stage.call('PATCH', '/v1/instances/desk', { settings });
  const call = stage.sandbox.contact(caller).call(phone);
  await stage.until(() => call.state === 'rejected', 'the call is rejected');
  const told = await stage.hook.next(
    ({ event }) => event.type === 'message.status' && event.data.chat.pn === `${caller}@s.whatsapp.net`,
    'the caller has the message',
  );
  const message = await stage.call('GET', `/v1/instances/desk/messages/${told.event.data.id}`);
  expect(message.body).toMatchObject({
    text: 'Please write instead',
    to: { pn: `${caller}@s.whatsapp.net` },
  });
  const ended = await stage.hook.next(isOf('call.ended', call.id), 'the end is told');
  expect(ended.event.data.reason).toBe('rejected');
  const sent = stage.sandbox
    .ledger({ account: phone })
    .filter(({ direction, kind }) => direction === 'fromAccount' && kind === 'message');
  expect(sent).toHaveLength(1);
});

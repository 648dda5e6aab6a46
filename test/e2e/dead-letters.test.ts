/** Through the whole gateway: a refused event is a dead letter, is replayed, and the log can be told again. */
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { startStage } from './support/stage.ts';

const contact = '5511970008001';

it('lists what the endpoint refused and delivers it again, under the same id', async () => {
  const stage = await startStage();
  onTestFinished(() => stage.stop());
  const { phone, token } = await stage.openInstance('shop');
  stage.hook.status = 410;
  await stage.sandbox.sendFrom(contact, phone, 'refused');
  const key = { authorization: `Bearer ${token}` };
  const list = async () =>
    (await stage.call('GET', '/v1/dead-letters', undefined, key)).body.items as {
      type: string;
      eventId: string;
    }[];
  let letters = await list();
  await stage.until(() => {
    void list().then((found) => (letters = found));
    return letters.some(({ type }) => type === 'message.received');
  }, 'a dead letter');
  const letter = letters.find(({ type }) => type === 'message.received');
  expect(letter).toMatchObject({ webhook: 'shop', instance: 'shop', attempts: 1, httpStatus: 410 });
  stage.hook.status = 200;
  const replay = await stage.call('POST', `/v1/dead-letters/${letter?.eventId}/replay`, undefined, key);
  expect(replay.body).toEqual({ replayed: 1 });
  const again = await stage.hook.next(({ event }) => event.id === letter?.eventId, 'the replay');
  expect(again.event.data.text).toBe('refused');
  expect((await list()).some(({ eventId }) => eventId === letter?.eventId)).toBe(false);
  expect((await stage.call('DELETE', '/v1/dead-letters')).body).toMatchObject({ hasMore: false });
});

it('delivers a range of the log again, and follows events over WebSocket', async () => {
  const stage = await startStage();
  onTestFinished(() => stage.stop());
  const { phone, token } = await stage.openInstance('shop');
  const url = `${stage.gateway.url.replace('http', 'ws')}/v1/events/ws?types=message.received`;
  const socket = new WebSocket(url, { headers: { 'x-api-key': token } });
  await once(socket, 'open');
  const told = once(socket, 'message');
  const from = new Date(Date.now() - 1_000).toISOString();
  await stage.sandbox.sendFrom(contact, phone, 'twice');
  const ofText = () => stage.hook.of('message.received').filter(({ data }) => data.text === 'twice');
  await stage.hook.until(() => ofText().length === 1, 'the event');
  expect(JSON.parse(String((await told)[0]))).toMatchObject({ event: { id: ofText()[0]?.id } });
  socket.close();
  const body = { from, to: new Date(Date.now() + 1_000).toISOString(), types: ['message.received'] };
  const path = '/v1/instances/shop/webhook/replay';
  expect((await stage.call('POST', path, body)).body).toEqual({ replayed: 1, next: null });
  // While its first delivery is being written down it still counts as waiting, and is not doubled.
  const again = setInterval(() => void stage.call('POST', path, body), 200);
  await stage.hook.until(() => ofText().length >= 2, 'the event again').finally(() => clearInterval(again));
  expect(new Set(ofText().map(({ id }) => id)).size).toBe(1);
});

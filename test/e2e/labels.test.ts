/** Labels, as the account's other device gets them through app state. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('one'));
  await stage.openInstance('two', phone);
});
afterAll(() => stage.stop());

const contact = '5511987658301';
const path = '/v1/instances/one/labels';
const heard = (instance: string, fits: (event: ReceivedEvent) => boolean, what: string) =>
  stage.hook.next(
    ({ event }) => event.instance === instance && event.type === 'label.updated' && fits(event),
    what,
  );

it('makes, changes, puts and removes a label on all devices', async () => {
  const made = await stage.call('POST', path, { name: 'Paid', color: 3 });
  expect(made).toMatchObject({ status: 201, body: { name: 'Paid', color: 3 } });
  const { id } = made.body;
  await heard('two', (e) => e.data.id === id && e.data.name === 'Paid', 'the other device has it');
  const changed = await stage.call('PATCH', `${path}/${id}`, { name: 'Settled' });
  expect(changed.body).toEqual({ id, name: 'Settled', color: 3 });
  await heard('two', (e) => e.data.name === 'Settled', 'the other device has the change');
  const two = '/v1/instances/two/labels';
  expect((await stage.call('GET', two)).body).toEqual({ items: [changed.body], next: null });

  expect((await stage.call('PUT', `${path}/${id}/chats/${contact}`)).status).toBe(204);
  await heard('two', (e) => e.data.change === 'added' && e.data.messageId === null, 'on the chat');
  const onMessage = `${path}/${id}/messages/3EB0AA?chat=${contact}`;
  expect((await stage.call('PUT', onMessage)).status).toBe(204);
  await heard('two', (e) => e.data.change === 'added' && e.data.messageId === '3EB0AA', 'on the message');
  const shown = await stage.call('GET', `${two}/${id}`);
  expect(shown.body.chats).toMatchObject([{ pn: `${contact}@s.whatsapp.net` }]);
  expect(shown.body.messages).toMatchObject([{ id: '3EB0AA' }]);

  expect((await stage.call('DELETE', `${path}/${id}/chats/${contact}`)).status).toBe(204);
  await heard('two', (e) => e.data.change === 'removed', 'off the chat');
  expect((await stage.call('DELETE', onMessage)).status).toBe(204);
  await heard('two', (e) => e.data.change === 'removed' && e.data.messageId === '3EB0AA', 'off the message');
  expect((await stage.call('GET', `${two}/${id}`)).body).toMatchObject({ chats: [], messages: [] });
  expect((await stage.call('DELETE', `${path}/${id}`)).status).toBe(204);
  await heard('two', (e) => e.data.change === 'deleted', 'gone on the other device');
  expect((await stage.call('GET', two)).body.items).toEqual([]);
  const missing = await stage.call('PATCH', `${path}/${id}`, { name: 'x' });
  expect(missing).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

/** Blocking through REST, as WhatsApp's side keeps it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
});
afterAll(() => stage.stop());

const contact = '5511987658001';
const blocked = (): string[] => [...(stage.sandbox.world.accounts.find(phone)?.blocked ?? [])];

it('blocks, lists and unblocks a contact by its number', async () => {
  const set = await stage.call('PUT', `/v1/instances/sales/contacts/${contact}/block`);
  expect(set.status).toBe(204);
  expect(blocked()).toHaveLength(1);
  const list = await stage.call('GET', '/v1/instances/sales/blocklist');
  expect(list.body).toMatchObject({ items: [{ pn: `${contact}@s.whatsapp.net` }], next: null });
  expect((await stage.call('DELETE', `/v1/instances/sales/contacts/${contact}/block`)).status).toBe(204);
  expect(blocked()).toHaveLength(0);
});

it('refuses what is no address and who is not on WhatsApp', async () => {
  const bad = await stage.call('PUT', '/v1/instances/sales/contacts/nobody/block');
  expect(bad).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  const missing = await stage.call('PUT', '/v1/instances/sales/contacts/5511987650000/block');
  expect(missing).toMatchObject({ status: 404, body: { code: 'not_on_whatsapp' } });
});

it('answers 409 while the instance is not open', async () => {
  await stage.call('POST', '/v1/instances', { id: 'idle', connect: false });
  const refused = await stage.call('GET', '/v1/instances/idle/blocklist');
  expect(refused).toMatchObject({ status: 409, body: { code: 'instance_not_open' } });
});

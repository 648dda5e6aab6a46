/** The address book of the account, as another device of it (a socket of its own) changes it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PhoneSocket } from '../sandbox/support/phone-socket.ts';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
let other: PhoneSocket;
const ann = '5511987658001';
const pn = `${ann}@s.whatsapp.net`;
const path = `/v1/instances/sales/contacts/${ann}`;

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  other = await new PhoneSocket(stage.sandbox, { phone }).whenOpen();
  await stage.until(() => Boolean(other.auth.creds.myAppStateKeyId), 'the other device has the keys');
});
afterAll(async () => {
  await other.close();
  await stage.stop();
});

const named = (name: string) =>
  stage.hook.next(
    ({ event }) => event.type === 'contact.updated' && event.data.name === name,
    `the name ${name}`,
  );

it('tells and keeps the name under which a contact is saved, and its change', async () => {
  for (const fullName of ['Ann of the box office', 'Ann']) {
    const saved = { fullName, firstName: 'Ann', lidJid: stage.sandbox.contact(ann).contact.lidJid };
    await other.sock.addOrEditContact(pn, saved);
    const { event } = await named(fullName);
    expect(event).toMatchObject({ instance: 'sales', data: { contact: { pn }, picture: null } });
    const kept = await stage.call('GET', path);
    expect(kept).toMatchObject({ status: 200, body: { pn, name: fullName, pushName: null } });
  }
  const { body } = await stage.call('GET', '/v1/instances/sales/contacts');
  expect(body.items.filter((one: { pn: string }) => one.pn === pn)).toMatchObject([{ name: 'Ann' }]);
});

it('keeps it beside the name that the contact has for itself', async () => {
  const id = await stage.sandbox.sendFrom(ann, phone, 'good evening');
  await stage.hook.next(({ event }) => event.data?.id === id, 'a message of the contact');
  expect((await stage.call('GET', path)).body).toMatchObject({ name: 'Ann', pushName: 'Contact 8001' });
});

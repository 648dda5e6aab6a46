/** Receipts of own messages: acknowledged once durable and not before, several in one batch. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import type { StatusUpdate } from '../../src/whatsapp/wa-socket.ts';
import { type GatewayAccount, guardMs } from './support/gateway-account.ts';
import { paired, phoneOf, reopened } from './support/paired.ts';

let sandbox: Sandbox;
const silent = '5511900008001';
const members = [2, 3, 4].map((n) => `551190000800${n}`);

beforeAll(async () => {
  sandbox = await startSandbox();
  installWhatsapp({ rootKey: sandbox.rootKey });
});
afterAll(() => sandbox.stop());

const updatesOf = (account: GatewayAccount, id: string): StatusUpdate[] =>
  account.facts
    .flatMap((fact) => (fact.kind === 'StatusesChanged' ? fact.updates : []))
    .filter((update) => update.id === id);
const unsettled = async (account: GatewayAccount): Promise<number> => {
  const phone = await phoneOf(account);
  return sandbox.stats().perAccount.find((one) => one.phone === phone)?.unacknowledged ?? 0;
};
const allSettled = (account: GatewayAccount): Promise<void> =>
  vi.waitFor(async () => expect(await unsettled(account)).toBe(0), guardMs);

// How it went wrong: Baileys acknowledges a receipt before anybody has stored what it told, so that a crash in
// between left a message "sent" for ever.
test('a receipt that is not durable comes again after the next login', async () => {
  const account = await paired(sandbox, 'again');
  const stored = Promise.withResolvers<void>();
  account.statusesStored = stored.promise;
  const { id } = await account.send(`${silent}@s.whatsapp.net`, 'hello');
  await account.until(() => updatesOf(account, id).length === 1, 'the receipt');
  expect(await unsettled(account)).toBe(1);
  const ending = account.socket.end();
  account.statusesStored = Promise.resolve();
  stored.resolve();
  await ending;
  await reopened(account);
  await account.until(() => updatesOf(account, id).length === 2, 'the receipt once more');
  await allSettled(account);
  expect(updatesOf(account, id).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  await account.socket.end();
});

test('the receipts of a group come with their members, each once, and are all acknowledged', async () => {
  const account = await paired(sandbox, 'members');
  const jid = sandbox.contact(silent).createGroup('Four', [await phoneOf(account), ...members]);
  const { id } = await account.send(jid, 'to all');
  await account.until(() => updatesOf(account, id).length === 4, 'a receipt of each member');
  const tellers = updatesOf(account, id).map(({ participant }) => participant?.jid);
  expect(new Set(tellers).size).toBe(4);
  expect(tellers).not.toContain(undefined);
  expect(updatesOf(account, id).every(({ chat }) => chat.jid === jid)).toBe(true);
  await allSettled(account);
  await account.socket.end();
});

test('read and played receipts are told as such, in order', async () => {
  const account = await paired(sandbox, 'read');
  const phone = await phoneOf(account);
  const { id } = await account.send(`${silent}@s.whatsapp.net`, 'read me');
  await account.until(() => updatesOf(account, id).length === 1, 'the delivery');
  sandbox.contact(silent).mark(phone, id, 'read');
  sandbox.contact(silent).mark(phone, id, 'played');
  await account.until(() => updatesOf(account, id).length === 3, 'both marks');
  expect(updatesOf(account, id).map(({ status }) => status)).toEqual(['delivered', 'read', 'played']);
  expect(updatesOf(account, id).every(({ participant }) => participant === null)).toBe(true);
  await allSettled(account);
  await account.socket.end();
});

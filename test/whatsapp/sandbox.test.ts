/** Real sockets against the sandbox: pairing, login, messages both ways, numbers, failures, the end. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import { GatewayAccount } from './support/gateway-account.ts';
import { paired as pairedWith, phoneOf, reopened } from './support/paired.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  installWhatsapp({ rootKey: sandbox.rootKey });
});
afterAll(() => sandbox.stop());

const paired = (instance: string, phone?: string) => pairedWith(sandbox, instance, phone);

test('pairs by QR, logs in, sends with an acknowledgement and receives the echo', async () => {
  const account = await paired('first');
  const kinds = account.facts.map(({ kind }) => kind);
  expect(kinds.slice(0, 4)).toEqual(['QrShown', 'Paired', 'Closed', 'Opened']);
  expect((await account.fact('Closed')).cause.code).toBe(515);
  const { me } = await account.fact('Opened');
  expect(me.pn).toMatch(/^\d+@s\.whatsapp\.net$/);
  expect(me.lid).toMatch(/^\d+@lid$/);
  const to = '5511900000001@s.whatsapp.net';
  const { id } = await account.send(to, 'hello');
  const echo = await account.message((message) => message.text === 'hello');
  expect(echo).toMatchObject({ type: 'text', fromMe: false, offline: false, instance: 'first' });
  expect(echo.from).toMatchObject({ pn: to, lid: expect.stringMatching(/@lid$/) });
  const { updates } = await account.fact('StatusesChanged');
  expect(updates[0]).toMatchObject({ id, status: 'delivered', chat: { pn: to }, participant: null });
  await account.socket.end();
});

test('logs in again without a QR and gets what waited, flagged offline', async () => {
  const account = await paired('second');
  const phone = await phoneOf(account);
  await account.socket.end();
  await sandbox.sendFrom('5511900000002', phone, 'while you were away');
  await reopened(account);
  const message = await account.message(({ text }) => text === 'while you were away');
  expect(message.offline).toBe(true);
  expect(account.facts.filter(({ kind }) => kind === 'QrShown').length).toBe(1);
  await account.socket.end();
});

test('a dropped connection is one Closed; sends in flight end with actor_restarted', async () => {
  const account = await paired('third');
  const phone = await phoneOf(account);
  const before = account.facts.length;
  expect(sandbox.dropConnections(phone)).toBe(1);
  const { cause } = await account.fact('Closed', before);
  expect(cause.code).toBe(428);
  await expect(account.send('5511900000001@s.whatsapp.net', 'x')).rejects.toMatchObject({
    code: 'actor_restarted',
  });
  await account.socket.end();
  expect(account.facts.slice(before).filter(({ kind }) => kind === 'Closed').length).toBe(1);
});

test('asks for numbers in order, with LIDs and the ninth digit either way', async () => {
  const account = await paired('fourth');
  const inputs = ['5511900000001', '5511900000000', '5531988887777', '553188887777', '1'];
  const results = await account.socket.queryNumbers(inputs);
  expect(results.map(({ input }) => input)).toEqual(inputs);
  expect(results.map(({ exists }) => exists)).toEqual([true, false, true, true, false]);
  expect(results[0]).toMatchObject({
    jid: '5511900000001@s.whatsapp.net',
    lid: expect.stringMatching(/@lid$/),
  });
  expect(results[2]?.jid).toBe('553188887777@s.whatsapp.net');
  expect(results[3]?.jid).toBe('553188887777@s.whatsapp.net');
  const party = await account.socket.resolveParty(results[0]?.lid ?? '');
  expect(party.pn).toBe('5511900000001@s.whatsapp.net');
  const many = Array.from({ length: 250 }, (_, index) => `49151${String(index + 1_000_001)}`);
  expect((await account.socket.queryNumbers(many)).every(({ exists }) => exists)).toBe(true);
  await account.socket.end();
});

test('pairs by code', async () => {
  const account = await new GatewayAccount({ url: sandbox.url, instance: 'fifth' }).open();
  const phone = '5511970009999';
  const { code } = await account.socket.requestPairingCode(`+${phone}`);
  expect(code).toMatch(/^[0-9A-Z]{8}$/);
  await sandbox.enterCode(phone, code);
  await account.fact('Paired');
  await account.fact('Closed');
  await reopened(account);
  expect(await phoneOf(account)).toBe(phone);
  await expect(account.socket.requestPairingCode(phone)).rejects.toMatchObject({ code: 'already_open' });
  await account.socket.end();
});

test('a pairing code that nobody typed leaves no credentials that would log in', async () => {
  const account = await new GatewayAccount({ url: sandbox.url, instance: 'sixth' }).open();
  await account.socket.requestPairingCode('5511970008888');
  await account.socket.end();
  const before = account.facts.length;
  await account.open();
  await account.fact('QrShown', before);
  await account.socket.end();
});

test('what another device of the account sends is MessageSent, own sends are not', async () => {
  const phone = '5511970007777';
  const [one, two] = [await paired('seventh', phone), await paired('eighth', phone)];
  const { id } = await one.send('5511900000003@s.whatsapp.net', 'from the first device');
  const { message } = await two.fact('MessageSent');
  expect(message).toMatchObject({ id, fromMe: true, text: 'from the first device' });
  expect(message.chat.pn).toBe('5511900000003@s.whatsapp.net');
  await one.message(({ text }) => text === 'from the first device');
  expect(one.facts.some(({ kind }) => kind === 'MessageSent')).toBe(false);
  await Promise.all([one.socket.end(), two.socket.end()]);
});

test('two accounts that write to each other at once read everything', async () => {
  const [one, two] = [await paired('ninth'), await paired('tenth')];
  const [a, b] = [await phoneOf(one), await phoneOf(two)];
  const count = 30;
  const flood = (from: GatewayAccount, to: string) =>
    Promise.all(Array.from({ length: count }, (_, index) => from.send(`${to}@s.whatsapp.net`, `n${index}`)));
  await Promise.all([flood(one, b), flood(two, a)]);
  for (const account of [one, two]) {
    await account.until(() => account.durable.length >= count, 'all messages');
    expect(new Set(account.durable.map(({ text }) => text)).size).toBe(count);
  }
  const { total } = sandbox.stats();
  expect([total.retriesIn, total.decryptFailures, total.messagesNacked]).toEqual([0, 0, 0]);
  await Promise.all([one.socket.end(), two.socket.end()]);
});

test('messages that cannot be decrypted are asked for again and answered from the store', async () => {
  const [one, two] = [await paired('retry1'), await paired('retry2')];
  const to = `${await phoneOf(two)}@s.whatsapp.net`;
  await one.send(to, 'known');
  await two.send('5511900000005@s.whatsapp.net', 'echo me');
  await two.message(({ text }) => text === 'echo me');
  const retriesBefore = sandbox.stats().total.retriesIn;
  await two.socket.end();
  await two.forgetSessions();
  await reopened(two);
  await one.send(to, 'after amnesia');
  await sandbox.sendFrom('5511900000005', await phoneOf(two), 'and from a contact');
  await two.message(({ text }) => text === 'after amnesia');
  await two.message(({ text }) => text === 'and from a contact');
  expect(sandbox.stats().total.retriesIn).toBeGreaterThan(retriesBefore);
  expect(two.durable.filter(({ text }) => text === 'after amnesia').length).toBe(1);
  await Promise.all([one.socket.end(), two.socket.end()]);
});

// How messages were lost: a failed commit looked like an undecryptable message, Baileys answered with a
// retry request and a refusal, and the server forgot the message.
test('a store that fails ends the socket before anything is answered, and nothing is lost', async () => {
  const account = await paired('eleventh');
  const phone = await phoneOf(account);
  const before = account.facts.length;
  const { total } = sandbox.stats();
  account.store.failing = 'writes';
  await sandbox.sendFrom('5511900000004', phone, 'kept by the server');
  const { cause } = await account.fact('Closed', before);
  expect(cause.detail).toMatch(/store failed/);
  await account.socket.end();
  const { total: after } = sandbox.stats();
  expect([after.retriesIn, after.messagesNacked]).toEqual([total.retriesIn, total.messagesNacked]);
  account.store.failing = 'no';
  await reopened(account);
  await account.message(({ text }) => text === 'kept by the server');
  await account.socket.end();
});

test('a successor waits until the socket before it has ended', async () => {
  const account = await paired('twelfth');
  const first = account.socket;
  const before = account.facts.length;
  const opening = account.open();
  await first.end();
  expect(account.facts.slice(before).map(({ kind }) => kind)).toEqual(['Closed']);
  await opening;
  await account.fact('Opened', before);
  await account.socket.end();
});

test('logout unlinks the device and closes with 401', async () => {
  const account = await paired('thirteenth');
  const before = account.facts.length;
  await account.socket.logout();
  const { cause } = await account.fact('Closed', before);
  expect(cause.code).toBe(401);
  await account.open();
  const refused = await account.fact('Closed', before + 1);
  expect(refused.cause.code).toBe(401);
  await account.socket.end();
});

/** What goes wrong on the wire: doubles, disorder, damage, refusals, closes. Counted against the sandbox. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { changeMembers } from '../../src/sandbox/groups/membership.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import { type GatewayAccount, guardMs } from './support/gateway-account.ts';
import { paired, phoneOf, reopened } from './support/paired.ts';

let sandbox: Sandbox;
const ana = '5511900000001';
const anaJid = `${ana}@s.whatsapp.net`;

beforeAll(async () => {
  sandbox = await startSandbox();
  installWhatsapp({ rootKey: sandbox.rootKey });
});
afterEach(() => sandbox.faults.clear());
afterAll(() => sandbox.stop());

const texts = (account: GatewayAccount): (string | null)[] => account.durable.map(({ text }) => text);
const counts = () => {
  const { retriesIn, messagesNacked } = sandbox.stats().total;
  return { retriesIn, messagesNacked };
};

// How it went wrong: Baileys looks the sender's mapping up before it takes its mutex, so that a message of a
// known sender overtook the one before it, whose look-up had found nothing yet.
test('a sender’s first messages are told in their order', async () => {
  const account = await paired(sandbox, 'order');
  const phone = await phoneOf(account);
  const sent = Array.from({ length: 40 }, (_, index) => `n${index}`);
  const contact = sandbox.contact('5511900000017');
  await Promise.all(sent.map((text) => contact.write(phone, text)));
  await account.until(() => account.durable.length === sent.length, 'all messages');
  expect(texts(account)).toEqual(sent);
  await account.socket.end();
});

// How it went wrong: the second copy failed to decrypt, Baileys asked the sender again, and the message came twice.
test('a message that the server delivers twice is told once, without a retry', async () => {
  const account = await paired(sandbox, 'double');
  const phone = await phoneOf(account);
  const before = counts();
  sandbox.faults.stanza({ effect: 'duplicate', account: phone, count: 3 });
  for (const text of ['one', 'two', 'three', 'four']) await sandbox.sendFrom(ana, phone, text);
  await account.message(({ text }) => text === 'four');
  expect(texts(account)).toEqual(['one', 'two', 'three', 'four']);
  expect(counts()).toEqual(before);
  await account.socket.end();
});

test('messages out of order are all told', async () => {
  const account = await paired(sandbox, 'disorder');
  const phone = await phoneOf(account);
  await sandbox.sendFrom(ana, phone, 'first');
  await account.message(({ text }) => text === 'first');
  const before = counts();
  sandbox.faults.stanza({ effect: 'reorder', account: phone, count: 2, delayMs: 50 });
  const sent = ['a', 'b', 'c', 'd', 'e'];
  for (const text of sent) await sandbox.sendFrom(ana, phone, text);
  await account.until(() => account.durable.length === 6, 'six messages');
  expect(new Set(texts(account))).toEqual(new Set(['first', ...sent]));
  expect(counts()).toEqual(before);
  await account.socket.end();
});

test('a damaged message is asked for again once and told once', async () => {
  const account = await paired(sandbox, 'damage');
  const phone = await phoneOf(account);
  const before = counts();
  sandbox.faults.stanza({ effect: 'corrupt', account: phone, count: 1 });
  await sandbox.sendFrom(ana, phone, 'damaged');
  await account.message(({ text }) => text === 'damaged');
  await sandbox.sendFrom(ana, phone, 'whole');
  await account.message(({ text }) => text === 'whole');
  expect(texts(account)).toEqual(['damaged', 'whole']);
  expect(counts().retriesIn).toBe(before.retriesIn + 1);
  await account.socket.end();
});

test.each(['463', '475', '479'])('a message refused with %s is whatsapp_rejected', async (code) => {
  const account = await paired(sandbox, `refused${code}`);
  const phone = await phoneOf(account);
  sandbox.faults.stanza({ effect: 'refuse', account: phone, code });
  await expect(account.send(anaJid, 'x')).rejects.toMatchObject({
    code: 'whatsapp_rejected',
    failure: { extra: { whatsappCode: Number(code) } },
  });
  await account.send(anaJid, 'y');
  await account.message(({ text }) => text === 'y');
  expect(
    account.facts.some((fact) => fact.kind === 'StatusesChanged' && fact.updates[0]?.status === 'failed'),
  ).toBe(false);
  await account.socket.end();
});

test.each([
  ['drop', 428],
  ['close', 428],
  ['end', 428],
  ['500', 500],
  ['503', 503],
  ['515', 515],
  ['replaced', 440],
  ['removed', 401],
] as const)('a connection ended by %s closes with %i', async (kind, code) => {
  const account = await paired(sandbox, `close${kind}`);
  const before = account.facts.length;
  sandbox.faults.close(kind, await phoneOf(account));
  const { cause } = await account.fact('Closed', before);
  expect(cause.code).toBe(code);
  await account.socket.end();
});

test('a refused login closes with its reason', async () => {
  const account = await paired(sandbox, 'login');
  await account.socket.end();
  sandbox.faults.failLogins(403, { account: await phoneOf(account) });
  const before = account.facts.length;
  await account.open();
  expect((await account.fact('Closed', before)).cause.code).toBe(403);
  await account.socket.end();
});

test('connections that drop under traffic lose and double nothing', async () => {
  const account = await paired(sandbox, 'traffic');
  const phone = await phoneOf(account);
  const count = 120;
  const speaking = (async () => {
    for (let index = 0; index < count; index += 1) await sandbox.sendFrom(ana, phone, `m${index}`);
  })();
  for (let drop = 1; drop <= 4; drop += 1) {
    await account.until(() => account.durable.length >= drop * 15, 'messages between drops');
    const before = account.facts.length;
    sandbox.dropConnections(phone);
    await account.fact('Closed', before);
    await reopened(account);
  }
  await speaking;
  await account.until(() => account.durable.length >= count, 'all messages');
  expect(new Set(texts(account)).size).toBe(count);
  expect(account.durable.length).toBe(count);
  await account.socket.end();
});

test('a group: both directions, members’ keys, one event a message', async () => {
  const account = await paired(sandbox, 'group');
  const phone = await phoneOf(account);
  const jid = sandbox.contact(ana).createGroup('Friends', [phone, '5511900000002']);
  for (const text of ['g1', 'g2', 'g3']) await sandbox.sendFrom(ana, jid, text);
  await sandbox.sendFrom('5511900000002', jid, 'from another');
  await account.message(({ text }) => text === 'from another');
  const first = account.durable.find(({ text }) => text === 'g1');
  expect(first).toMatchObject({ chat: { jid }, to: { jid }, from: { pn: anaJid } });
  const before = counts();
  await account.send(jid, 'to all');
  await account.send(jid, 'again');
  const receipts = (): number =>
    account.facts.flatMap((fact) => (fact.kind === 'StatusesChanged' ? fact.updates : [])).length;
  await account.until(() => receipts() >= 4, 'a receipt of each member');
  expect(counts()).toEqual(before);
  expect(texts(account).filter((text) => text === 'g1').length).toBe(1);
  await account.socket.end();
});

test('when somebody leaves a group, the next message has a new key that the others get', async () => {
  const account = await paired(sandbox, 'leave');
  const phone = await phoneOf(account);
  const leaver = '5511900000023';
  const jid = sandbox.contact(ana).createGroup('Fewer', [phone, leaver]);
  await sandbox.sendFrom(ana, jid, 'hello');
  await account.message(({ text }) => text === 'hello');
  await account.send(jid, 'one');
  const ownKeys = async () => {
    const keys = await account.store.sessions.signalRange(account.instance, `sender-key:${jid}::`);
    const { me } = await account.fact('Opened');
    return [...keys].filter(([key]) => key.includes(`::${me.lid?.split('@')[0]}_1::`));
  };
  const [[, before] = []] = await ownKeys();
  expect(before).toBeDefined();
  const group = sandbox.world.groups.find(jid);
  if (!group) throw new Error('no group');
  changeMembers(sandbox.world, group, ana, 'remove', [`${leaver}@s.whatsapp.net`]);
  await vi.waitFor(async () => expect(await ownKeys()).toEqual([]), { timeout: guardMs });
  const retries = counts();
  await account.send(jid, 'two');
  await sandbox.sendFrom(ana, jid, 'understood');
  await account.message(({ text }) => text === 'understood');
  const [[, after] = []] = await ownKeys();
  expect(Buffer.compare(after ?? Buffer.alloc(0), before ?? Buffer.alloc(0))).not.toBe(0);
  expect(counts()).toEqual(retries);
  expect(sandbox.stats().total.decryptFailures).toBe(0);
  await account.socket.end();
});

test('a contact with a new identity is understood both ways', async () => {
  const account = await paired(sandbox, 'reinstall');
  const phone = await phoneOf(account);
  await account.send(anaJid, 'before');
  await account.message(({ text }) => text === 'before');
  sandbox.contact(ana).reinstall();
  await sandbox.sendFrom(ana, phone, 'new phone');
  await account.message(({ text }) => text === 'new phone');
  await account.send(anaJid, 'after');
  await account.message(({ text }) => text === 'after');
  await account.socket.end();
});

test('a send that the end of its socket cut off is acknowledged under the same id by the next', async () => {
  const account = await paired(sandbox, 'resend');
  let isOver = false;
  const acknowledged: string[] = [];
  const sending = (async () => {
    for (let index = 0; !isOver; index += 1) {
      const id = `3EB0RESEND${String(index).padStart(8, '0')}`;
      const content = { type: 'text' as const, text: `r${index}`, mentions: [] };
      const message = { messageId: id, to: '5511900008001@s.whatsapp.net', content, quote: null };
      for (let sent = false; !sent; ) {
        sent = await account.socket.send(message, await account.socket.encode(message)).then(
          () => true,
          (error: { code: string }) => {
            expect(['actor_restarted', 'instance_not_open']).toContain(error.code);
            return new Promise<boolean>((resolve) => setImmediate(resolve, false));
          },
        );
      }
      acknowledged.push(id);
      account.wake();
    }
  })();
  for (let round = 1; round <= 6; round += 1) {
    await account.until(() => acknowledged.length >= round * 5, 'acknowledgements');
    await account.socket.end();
    await reopened(account);
  }
  isOver = true;
  await sending;
  const sent = sandbox.ledger({ account: await phoneOf(account), direction: 'fromAccount', kind: 'message' });
  expect(acknowledged.every((id) => sent.some((entry) => entry.id === id))).toBe(true);
  await account.socket.end();
});

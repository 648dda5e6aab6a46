/** Pairing, login and one-to-one messages with unmodified Baileys sockets. */
import { describe, expect, it } from 'vitest';
import { echoNumber, jidOf, readerNumber, silentNumber, useSandbox } from './support/fixture.ts';
import { textOf } from './support/phone-socket.ts';
import { until } from './support/waiting.ts';

const ann = '5511970000101';
const bob = '5511970000102';

describe('core', () => {
  const fixture = useSandbox();

  it('pairs by QR, opens, and echoes a text', async () => {
    const phone = await fixture.open(ann);
    expect(phone.sock.user?.id).toBe(`${ann}:1@s.whatsapp.net`);
    await phone.send(jidOf(echoNumber), 'hello');
    const answer = await phone.whenText('hello');
    expect(answer.message.key.remoteJid).toBe(jidOf(echoNumber));
    expect(answer.message.pushName).toBe('Contact 0001');
    expect(fixture.sandbox.stats().total).toMatchObject({ decryptFailures: 0, unanswered: 0 });
  });

  it('finishes the first-login sequence without Baileys waiting for it', async () => {
    const phone = await fixture.open(ann);
    await until(() => (phone.auth.creds.accountSyncCounter ?? 0) > 0, 'account sync');
    expect(phone.auth.creds.myAppStateKeyId).toBeTruthy();
    expect(phone.auth.creds.me?.name).toBe('Phone 0101');
    expect(phone.auth.creds.routingInfo).toBeTruthy();
  });

  it('pairs by code', async () => {
    const phone = fixture.connect({ scans: false });
    await phone.connection.find(({ qr }) => qr !== undefined, 'qr');
    const code = await phone.sock.requestPairingCode(ann);
    await fixture.sandbox.enterCode(ann, code);
    await phone.whenOpen();
    expect(phone.sock.user?.id).toBe(`${ann}:1@s.whatsapp.net`);
  });

  it('refuses a QR that is not shown', async () => {
    await expect(fixture.sandbox.scan('https://wa.me/settings/linked_devices#a,b,c,d,1')).rejects.toThrow(
      'no conn',
    );
  });

  it('reports delivery, reading and playing as the number says', async () => {
    const phone = await fixture.open(ann);
    await phone.whenStatus(await phone.send(jidOf(silentNumber), 'to silent'), 3);
    await phone.whenStatus(await phone.send(jidOf(readerNumber), 'to reader'), 4);
    const id = await phone.send(jidOf(silentNumber), 'read later');
    fixture.sandbox.contact(silentNumber).mark(ann, id, 'played');
    await phone.whenStatus(id, 5);
  });

  it('receives from contacts in both addressing modes', async () => {
    const phone = await fixture.open(ann);
    await fixture.sandbox.contact(silentNumber).write(ann, 'by number', 'pn');
    await fixture.sandbox.contact(silentNumber).write(ann, 'by lid', 'lid');
    expect((await phone.whenText('by number')).message.key.remoteJid).toBe(jidOf(silentNumber));
    const byLid = await phone.whenText('by lid');
    expect(byLid.message.key.remoteJid).toMatch(/@lid$/);
    expect(byLid.message.key.remoteJidAlt).toBe(jidOf(silentNumber));
  });

  it('relays between two accounts both ways, with receipts', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    const id = await one.send(jidOf(bob), 'from ann');
    const received = await two.whenText('from ann');
    await one.whenStatus(id, 3);
    await two.sock.readMessages([received.message.key]);
    await one.whenStatus(id, 4);
    await two.send(jidOf(ann), 'from bob');
    await one.whenText('from bob');
    expect(fixture.sandbox.stats().total.decryptFailures).toBe(0);
  });

  it('copies what one device sends to the other devices of the account', async () => {
    const first = await fixture.open(ann);
    const second = await fixture.open(ann);
    expect(second.sock.user?.id).toBe(`${ann}:2@s.whatsapp.net`);
    await first.send(jidOf(silentNumber), 'own copy');
    const copy = await second.upserts.find(({ message }) => textOf(message) === 'own copy', 'own copy');
    expect(copy.message.key).toMatchObject({ fromMe: true, remoteJid: jidOf(silentNumber) });
    expect(copy.message.key.remoteJidAlt).toBe(fixture.sandbox.contact(silentNumber).contact.lidJid);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'to both');
    await Promise.all([first.whenText('to both'), second.whenText('to both')]);
  });

  it('keeps what comes while offline and delivers it after the next login', async () => {
    const phone = await fixture.open(ann);
    await phone.send(jidOf(echoNumber), 'first');
    await phone.whenText('first');
    fixture.sandbox.dropConnections(ann);
    expect(await phone.whenClosed()).toBe(428);
    for (let n = 1; n <= 5; n += 1) await fixture.sandbox.sendFrom(echoNumber, ann, `offline ${n}`);
    phone.open();
    await phone.whenOpen(2);
    expect((await phone.whenText('offline 5')).type).toBe('append');
    const texts = phone.upserts.all.map(({ message }) => textOf(message));
    expect(texts.filter((text) => text.startsWith('offline'))).toEqual(
      [1, 2, 3, 4, 5].map((n) => `offline ${n}`),
    );
    await until(() => fixture.sandbox.stats().unacknowledged === 0, 'everything acknowledged');
  });

  it('shows what the owner writes on the phone', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    await fixture.sandbox.sendFromPhone(ann, silentNumber, 'from the phone');
    const own = await one.upserts.find(({ message }) => textOf(message) === 'from the phone', 'own message');
    expect(own.message.key).toMatchObject({ fromMe: true, remoteJid: jidOf(silentNumber) });
    await fixture.sandbox.sendFromPhone(ann, bob, 'phone to phone');
    const received = await two.whenText('phone to phone');
    expect(received.message.key.remoteJid).toBe(jidOf(ann));
  });

  it('carries every kind of message: reaction, edit, revoke, poll, location', async () => {
    const phone = await fixture.open(ann);
    const contact = fixture.sandbox.contact(silentNumber);
    const id = await contact.write(ann, 'to be changed');
    const key = { remoteJid: jidOf(silentNumber), fromMe: false, id };
    await contact.write(ann, { reactionMessage: { key, text: '👏' } });
    const edited = { protocolMessage: { key, type: 14, editedMessage: { conversation: 'changed' } } };
    await contact.write(ann, edited);
    await contact.write(ann, { protocolMessage: { key, type: 0 } });
    await contact.write(ann, {
      pollCreationMessageV3: { name: 'Which play?', options: [{ optionName: 'A' }] },
    });
    await contact.write(ann, { locationMessage: { degreesLatitude: -23.5, degreesLongitude: -46.6 } });
    const has = (text: string) => (event: { name: string; value: unknown }) =>
      JSON.stringify(event.value).includes(text);
    for (const text of ['👏', '"changed"', 'Which play?', 'degreesLatitude'])
      await phone.events.find(has(text), text);
    expect(fixture.sandbox.stats().total.decryptFailures).toBe(0);
  });

  it('contacts write at a set rate', async () => {
    const phone = await fixture.open(ann);
    const { messages, ids } = await fixture.sandbox.writeAtRate({
      to: [ann],
      perSecond: 100,
      durationMs: 200,
    });
    expect(ids[ann]).toHaveLength(messages);
    await phone.whenText(`inbound ${messages}`);
    await until(() => fixture.sandbox.stats().unacknowledged === 0, 'everything acknowledged');
  });

  it('asks for prekeys when few are left', async () => {
    const phone = await fixture.open(ann);
    const companion = fixture.sandbox.world.accounts.find(ann)?.companions.get(1);
    for (const id of [...(companion?.preKeys.keys() ?? [])].slice(0, -5)) companion?.preKeys.delete(id);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'uses one up');
    await phone.whenText('uses one up');
    await until(() => (companion?.preKeys.size ?? 0) > 5, 'new prekeys');
  });

  it('logs out: the next login is refused', async () => {
    const phone = await fixture.open(ann);
    await phone.sock.logout();
    await until(() => fixture.sandbox.world.accounts.find(ann)?.companions.size === 0, 'unlinked');
    const again = fixture.connect({ auth: phone.auth });
    expect(await again.whenClosed()).toBe(401);
  });
});

describe('a phone with a past', () => {
  const past = [0, 1, 2].map((n) => ({
    jid: `551198765000${n}@s.whatsapp.net`,
    name: `Contact ${n}`,
    messages: [{ id: `PAST${n}`, content: { conversation: `past message ${n}` }, at: 1_700_000_000 + n }],
  }));
  const fixture = useSandbox({ history: () => past });

  it('hands its chats to a new device', async () => {
    const phone = await fixture.open(ann);
    const { value } = await phone.events.find(
      (event) =>
        event.name === 'messaging-history.set' && JSON.stringify(event.value).includes('past message 2'),
      'history',
    );
    expect(value).toMatchObject({ chats: { length: 3 }, messages: { length: 3 } });
  });
});

describe('pairing that breaks off', () => {
  const fixture = useSandbox();

  it('fails when the connection ends before the device answers', async () => {
    const phone = fixture.connect({ scans: false });
    const { qr } = await phone.connection.find((update) => update.qr !== undefined, 'qr');
    fixture.sandbox.faults.stanza({ effect: 'drop', direction: 'fromAccount', tag: 'iq' });
    const pairing = fixture.sandbox.scan(qr ?? '', { phone: ann });
    fixture.sandbox.faults.close('drop');
    await expect(pairing).rejects.toThrow('the connection ended during pairing');
    expect(fixture.sandbox.stats().total.pairings).toBe(0);
  });
});

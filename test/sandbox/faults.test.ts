/** Each fault, and what an unmodified Baileys socket reports for it. */
import { describe, expect, it } from 'vitest';
import type { CloseKind } from '../../src/sandbox/faults/faults.ts';
import { echoNumber, jidOf, silentNumber, useSandbox } from './support/fixture.ts';
import { closeCode, textOf } from './support/phone-socket.ts';
import { until } from './support/waiting.ts';

const ann = '5511970000501';
const bob = '5511970000502';

describe('connections that end', () => {
  const fixture = useSandbox();
  const reported: ReadonlyArray<readonly [CloseKind, number]> = [
    ['drop', 428],
    ['close', 428],
    ['500', 500],
    ['503', 503],
    ['replaced', 440],
    ['removed', 401],
    ['end', 428],
  ];

  for (const [kind, code] of reported) {
    it(`${kind} is reported as ${code}`, async () => {
      const phone = await fixture.open(ann);
      expect(fixture.sandbox.faults.close(kind, ann)).toBe(1);
      expect(await phone.whenClosed()).toBe(code);
    });
  }

  it('515 asks for a restart, which opens again', async () => {
    const phone = await fixture.open(ann);
    fixture.sandbox.faults.close('515');
    await phone.whenOpen(2);
    const codes = phone.connection.all.map(closeCode).filter((code) => code !== undefined);
    expect(codes).toEqual([515, 515]);
  });

  it('a second login replaces the first', async () => {
    const phone = await fixture.open(ann);
    const again = fixture.connect({ auth: phone.auth });
    expect(await phone.whenClosed()).toBe(440);
    await again.whenOpen();
  });

  it('unlinking on the phone ends with 401, and stays so', async () => {
    const phone = await fixture.open(ann);
    expect(fixture.sandbox.faults.unlink(ann)).toBe(1);
    expect(await phone.whenClosed()).toBe(401);
    expect(await fixture.connect({ auth: phone.auth }).whenClosed()).toBe(401);
  });

  for (const reason of [401, 403, 405, 503]) {
    it(`a login that fails with ${reason} is reported as ${reason}`, async () => {
      const phone = await fixture.open(ann);
      fixture.sandbox.faults.failLogins(reason, { account: ann });
      fixture.sandbox.dropConnections(ann);
      await phone.whenClosed();
      expect(await fixture.connect({ auth: phone.auth }).whenClosed()).toBe(reason);
      await fixture.connect({ auth: phone.auth }).whenOpen();
    });
  }
});

describe('connections that cannot be made', () => {
  const fixture = useSandbox();

  it('refused: 408', async () => {
    fixture.sandbox.faults.door('refuse', 10_000);
    expect(await fixture.connect().whenClosed()).toBe(408);
  });

  it('upgrade not answered: 408 after the connect timeout', async () => {
    fixture.sandbox.faults.door('silent', 10_000);
    expect(await fixture.connect({ config: { connectTimeoutMs: 500 } }).whenClosed()).toBe(408);
  });

  it('HTTP 503 at the upgrade: no event at all, so the caller needs its own timer', async () => {
    fixture.sandbox.faults.door('unavailable', 10_000);
    const phone = fixture.connect({ config: { connectTimeoutMs: 300 } });
    await until(() => fixture.sandbox.stats().total.refusedConnections === 1, 'turned away');
    expect(phone.connection.all.some(({ connection }) => connection === 'close')).toBe(false);
  });

  it('frozen after the upgrade: 408', async () => {
    fixture.sandbox.faults.door('frozen', 10_000);
    expect(await fixture.connect({ config: { connectTimeoutMs: 500 } }).whenClosed()).toBe(408);
  });

  it('frozen while open: noticed by the keep-alive as 408', async () => {
    const phone = await fixture.open(ann, { config: { keepAliveIntervalMs: 500 } });
    expect(fixture.sandbox.faults.freeze(ann)).toBe(1);
    expect(await phone.whenClosed()).toBe(408);
  });

  it('the door opens again by itself', async () => {
    fixture.sandbox.faults.door('refuse', 2_000);
    await fixture.connect().whenClosed();
    await until(() => fixture.sandbox.world.door.mode === 'open', 'open door');
    await fixture.open(ann);
  });
});

describe('stanzas', () => {
  const fixture = useSandbox();

  it('refused messages carry their code', async () => {
    const phone = await fixture.open(ann);
    for (const code of ['463', '475', '479']) {
      fixture.sandbox.faults.stanza({ effect: 'refuse', account: ann, code });
      await phone.whenRefused(await phone.send(jidOf(silentNumber), `refused ${code}`), code);
    }
    expect(fixture.sandbox.ledger({ account: ann, state: 'refused' })).toHaveLength(3);
    expect(fixture.sandbox.stats().total.errorAcks).toBe(3);
  });

  it('delayed and reordered messages arrive, each once', async () => {
    const phone = await fixture.open(ann);
    fixture.sandbox.faults.stanza({ effect: 'delay', account: ann, delayMs: 50 });
    await fixture.sandbox.sendFrom(silentNumber, ann, 'late');
    await phone.whenText('late');
    fixture.sandbox.faults.stanza({ effect: 'reorder', account: ann });
    await fixture.sandbox.sendFrom(silentNumber, ann, 'one');
    await fixture.sandbox.sendFrom(silentNumber, ann, 'two');
    await Promise.all([phone.whenText('one'), phone.whenText('two')]);
    const order = phone.upserts.all
      .map(({ message }) => textOf(message))
      .filter((text) => /one|two/.test(text));
    expect(order).toEqual(['two', 'one']);
  });

  it('a dropped message stays unacknowledged and comes after the next login', async () => {
    const phone = await fixture.open(ann);
    await until(() => phone.auth.creds.accountSyncCounter === 1, 'account sync');
    await until(() => fixture.sandbox.stats().unacknowledged === 0, 'acknowledged');
    fixture.sandbox.faults.stanza({ effect: 'drop', account: ann });
    const id = await fixture.sandbox.sendFrom(silentNumber, ann, 'dropped');
    expect(fixture.sandbox.ledger({ id })).toMatchObject([{ state: 'sent', sends: 1, acks: 0 }]);
    fixture.sandbox.dropConnections(ann);
    await phone.whenClosed();
    phone.open();
    expect((await phone.whenText('dropped')).type).toBe('append');
    await until(() => fixture.sandbox.ledger({ id })[0]?.state === 'acked', 'acknowledged');
    expect(fixture.sandbox.ledger({ id })).toMatchObject([{ sends: 2, acks: 1 }]);
    expect(fixture.sandbox.stats().total.redelivered).toBe(1);
  });

  it('a message whose receipt was lost is redelivered', async () => {
    const phone = await fixture.open(ann);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'before');
    await phone.whenText('before');
    await until(() => fixture.sandbox.stats().unacknowledged === 0, 'acknowledged');
    fixture.sandbox.faults.stanza({ effect: 'drop', direction: 'fromAccount', tag: 'receipt', account: ann });
    const id = await fixture.sandbox.sendFrom(silentNumber, ann, 'no receipt');
    await phone.whenText('no receipt');
    fixture.sandbox.dropConnections(ann);
    await phone.whenClosed();
    phone.open();
    await until(
      () => !['sent', 'queued'].includes(fixture.sandbox.ledger({ id })[0]?.state ?? ''),
      'settled',
    );
    expect(fixture.sandbox.ledger({ id })[0]?.sends).toBe(2);
  });

  it('a corrupted message is asked for again and arrives', async () => {
    const phone = await fixture.open(ann);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'whole');
    await phone.whenText('whole');
    fixture.sandbox.faults.stanza({ effect: 'corrupt', account: ann });
    await fixture.sandbox.sendFrom(silentNumber, ann, 'broken');
    await phone.whenText('broken');
    expect(fixture.sandbox.stats().total.retriesIn).toBe(1);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'after');
    await phone.whenText('after');
  });

  it('a corrupted message to a contact is asked for again by the contact', async () => {
    const phone = await fixture.open(ann);
    await phone.send(jidOf(echoNumber), 'whole');
    await phone.whenText('whole');
    fixture.sandbox.faults.stanza({ effect: 'corrupt', direction: 'fromAccount', account: ann });
    await phone.send(jidOf(echoNumber), 'broken');
    await phone.whenText('broken');
    expect(fixture.sandbox.stats().total.retriesOut).toBe(1);
  });

  it('a corrupted message between accounts and one in a group are repaired too', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    await one.send(jidOf(bob), 'whole');
    await two.whenText('whole');
    fixture.sandbox.faults.stanza({ effect: 'corrupt', account: bob });
    await one.send(jidOf(bob), 'broken');
    await two.whenText('broken');
    const contact = fixture.sandbox.contact(silentNumber);
    const jid = contact.createGroup('Cast', [ann, bob]);
    await contact.write(jid, 'group whole');
    await one.whenText('group whole');
    fixture.sandbox.faults.stanza({ effect: 'corrupt', account: ann });
    await contact.write(jid, 'group broken');
    await one.whenText('group broken');
  });

  it('a duplicated message: 487 while the session is new, later a retry and a second upsert', async () => {
    const phone = await fixture.open(ann);
    const upsertsOf = (id: string) =>
      phone.upserts.all.filter(({ message }) => message.key.id === id && textOf(message) !== '');
    await fixture.sandbox.sendFrom(silentNumber, ann, 'first');
    await phone.whenText('first');
    fixture.sandbox.faults.stanza({ effect: 'duplicate', account: ann });
    const early = await fixture.sandbox.sendFrom(silentNumber, ann, 'twice');
    await until(() => fixture.sandbox.stats().total.messagesNacked === 1, 'second copy');
    expect(upsertsOf(early)).toHaveLength(1);
    await phone.whenStatus(await phone.send(jidOf(silentNumber), 'answer'), 3);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'plain');
    await phone.whenText('plain');
    fixture.sandbox.faults.stanza({ effect: 'duplicate', account: ann });
    const late = await fixture.sandbox.sendFrom(silentNumber, ann, 'twice again');
    await until(() => upsertsOf(late).length === 2, 'second upsert');
    expect(fixture.sandbox.stats().total.retriesIn).toBe(1);
  });

  it('a contact with a new identity is still read', async () => {
    const phone = await fixture.open(ann);
    await phone.send(jidOf(echoNumber), 'old identity');
    await phone.whenText('old identity');
    fixture.sandbox.contact(echoNumber).reinstall();
    await fixture.sandbox.sendFrom(echoNumber, ann, 'new identity');
    await phone.whenText('new identity');
    await phone.send(jidOf(echoNumber), 'to the new');
    await phone.whenText('to the new');
  });
});

describe('scripted faults', () => {
  const fixture = useSandbox();

  it('the same seed chooses the same faults', async () => {
    await fixture.open(ann);
    const options = { seed: 'night', durationMs: 120, everyMs: 20 };
    const first = await fixture.sandbox.runFaults(options);
    fixture.sandbox.faults.clear();
    const second = await fixture.sandbox.runFaults(options);
    const length = Math.min(first.length, second.length);
    expect(length).toBeGreaterThan(0);
    const names = (faults: typeof first): string[] => faults.slice(0, length).map(({ fault }) => fault);
    expect(names(second)).toEqual(names(first));
  });
});

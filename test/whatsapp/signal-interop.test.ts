/** Whole conversations between the WASM repository and stock Baileys, both ways, and WASM with itself. */
import { beforeAll, describe, expect, test } from 'vitest';
import { silenceConsole } from '../../src/whatsapp/console.ts';
import {
  createParty,
  createWasmParty,
  decrypt,
  encrypt,
  type Flavour,
  introduce,
  type SignalParty,
} from './support/signal-party.ts';

const pairings: [Flavour, Flavour][] = [
  ['wasm', 'wasm'],
  ['wasm', 'stock'],
  ['stock', 'wasm'],
];

beforeAll(() => {
  silenceConsole();
});

const lid = (user: string): string => `${user}@lid`;

describe.each(pairings)('%s to %s', (first, second) => {
  async function pair(): Promise<[SignalParty, SignalParty]> {
    return [await createParty(first, lid('1001')), await createParty(second, lid('1002'))];
  }

  async function acquainted(): Promise<[SignalParty, SignalParty]> {
    const [a, b] = await pair();
    await introduce(a, b, 1);
    expect(await decrypt(b, a, await encrypt(a, b, 'hello'))).toBe('hello');
    expect(await decrypt(a, b, await encrypt(b, a, 'welcome'))).toBe('welcome');
    return [a, b];
  }

  test('first contact, replies and twenty turns of the ratchet', async () => {
    const [a, b] = await acquainted();
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await decrypt(b, a, await encrypt(a, b, `to ${turn}`))).toBe(`to ${turn}`);
      expect(await decrypt(a, b, await encrypt(b, a, `back ${turn}`))).toBe(`back ${turn}`);
    }
    const message = await encrypt(a, b, 'known');
    expect(message.type).toBe('msg');
  });

  test('a first message without a one-time key', async () => {
    const [a, b] = await pair();
    await introduce(a, b);
    const message = await encrypt(a, b, 'no key left');
    expect(message.type).toBe('pkmsg');
    expect(await decrypt(b, a, message)).toBe('no key left');
  });

  test('messages out of order, some never, over several chains', async () => {
    const [a, b] = await acquainted();
    const early = [];
    for (let index = 0; index < 10; index += 1) early.push(await encrypt(a, b, `early ${index}`));
    expect(await decrypt(b, a, early[7] ?? fail())).toBe('early 7');
    expect(await decrypt(a, b, await encrypt(b, a, 'turn'))).toBe('turn');
    const late = await encrypt(a, b, 'late');
    expect(await decrypt(b, a, late)).toBe('late');
    for (const index of [2, 9, 0]) {
      expect(await decrypt(b, a, early[index] ?? fail())).toBe(`early ${index}`);
    }
  });

  test('the one-time key is gone after the first message', async () => {
    const [, b] = await acquainted();
    expect(await b.keys.get('pre-key', ['1'])).toEqual({});
    expect(Object.keys(await b.keys.get('pre-key', ['2']))).toEqual(['2']);
  });

  test('getSessionInfo and validateSession agree on both sides', async () => {
    const [a, b] = await acquainted();
    const [mine, theirs] = [await a.port.getSessionInfo(b.jid), await b.port.getSessionInfo(a.jid)];
    expect(mine?.registrationId).toBe(b.creds.registrationId);
    expect(theirs?.registrationId).toBe(a.creds.registrationId);
    expect(Buffer.from(mine?.baseKey ?? [])).toEqual(Buffer.from(theirs?.baseKey ?? []));
    expect(await a.port.validateSession(b.jid)).toEqual({ exists: true });
    expect(await a.port.validateSession(lid('9'))).toEqual({ exists: false, reason: 'no session' });
  });

  test('a new identity of the peer replaces the session', async () => {
    const [a, b] = await acquainted();
    const reborn = await createParty(first, a.jid);
    await introduce(reborn, b, 2);
    expect(await decrypt(b, reborn, await encrypt(reborn, b, 'new phone'))).toBe('new phone');
    expect(await decrypt(reborn, b, await encrypt(b, reborn, 'hello new phone'))).toBe('hello new phone');
  });

  test('group messages with sender keys, and the key sent again', async () => {
    const [a, b] = await acquainted();
    const group = '120363000000000001@g.us';
    const send = (text: string) =>
      a.port.encryptGroupMessage({ group, meId: a.jid, data: Buffer.from(text) });
    const one = await send('one');
    const item = {
      groupId: group,
      axolotlSenderKeyDistributionMessage: one.senderKeyDistributionMessage,
    };
    await b.port.processSenderKeyDistributionMessage({ item, authorJid: a.jid });
    const open = async (msg: Uint8Array): Promise<string> =>
      Buffer.from(await b.port.decryptGroupMessage({ group, authorJid: a.jid, msg })).toString();
    expect(await open(one.ciphertext)).toBe('one');
    const two = await send('two');
    await b.port.processSenderKeyDistributionMessage({ item, authorJid: a.jid });
    expect(await open(two.ciphertext)).toBe('two');
    expect(await a.port.hasSenderKey({ group, meId: a.jid })).toBe(true);
    expect(await b.port.hasSenderKey({ group, meId: b.jid })).toBe(false);
  });
});

function fail(): never {
  throw new Error('not there');
}

test('crossing first contacts: every message of both directions is read', async () => {
  const [a, b] = [await createWasmParty(lid('1')), await createWasmParty(lid('2'))];
  await introduce(a, b, 1);
  await introduce(b, a, 1);
  const toB = [];
  const toA = [];
  for (let index = 0; index < 10; index += 1) {
    toB.push(await encrypt(a, b, `to b ${index}`));
    toA.push(await encrypt(b, a, `to a ${index}`));
  }
  for (let index = 0; index < 10; index += 1) {
    expect(await decrypt(b, a, toB[index] ?? fail())).toBe(`to b ${index}`);
    expect(await decrypt(a, b, toA[index] ?? fail())).toBe(`to a ${index}`);
  }
  expect(await decrypt(b, a, await encrypt(a, b, 'after'))).toBe('after');
  expect(await decrypt(a, b, await encrypt(b, a, 'after'))).toBe('after');
});

test('group messages arrive out of order', async () => {
  const [a, b] = [await createWasmParty(lid('1')), await createWasmParty(lid('2'))];
  const group = '120363000000000001@g.us';
  const sent = [];
  for (let index = 0; index < 6; index += 1) {
    sent.push(await a.port.encryptGroupMessage({ group, meId: a.jid, data: Buffer.from(`${index}`) }));
  }
  const item = {
    groupId: group,
    axolotlSenderKeyDistributionMessage: sent[0]?.senderKeyDistributionMessage ?? null,
  };
  await b.port.processSenderKeyDistributionMessage({ item, authorJid: a.jid });
  for (const index of [4, 1, 5, 0, 3]) {
    const msg = sent[index]?.ciphertext ?? fail();
    const plaintext = await b.port.decryptGroupMessage({ group, authorJid: a.jid, msg });
    expect(Buffer.from(plaintext).toString()).toBe(`${index}`);
  }
});

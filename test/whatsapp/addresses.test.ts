/** Addresses, parties, numbers and LIDs. */
import { expect, test } from 'vitest';
import { bothWritings, withoutNinthDigit } from '../../src/phone-number.ts';
import { AccountRecords } from '../../src/whatsapp/account-records.ts';
import { meOf, parseAddress, partyOf, resolvedParty } from '../../src/whatsapp/addresses.ts';
import { LidMapping } from '../../src/whatsapp/lid-mapping.ts';
import { lidMissTtlMs } from '../../src/whatsapp/limits.ts';
import { matcher } from '../../src/whatsapp/numbers.ts';
import { signalAddress } from '../../src/whatsapp/signal-address.ts';
import { createHandClock } from './support/hand-clock.ts';
import { createMemoryStore } from './support/memory-store.ts';

const pn = '5511900000001@s.whatsapp.net';

test.each([
  ['+55 11 98888-7777', '5511988887777'],
  ['5511988887777', '5511988887777'],
  ['(0055) 11 98888.7777', '5511988887777'],
  ['5511988887777@s.whatsapp.net', '5511988887777'],
  ['5511988887777@c.us', '5511988887777'],
])('the number %s', (input, digits) => {
  expect(parseAddress(input)).toEqual({ kind: 'phone', digits });
});

test.each([
  ['123456@lid', { kind: 'person', jid: '123456@lid' }],
  ['123456:4@lid', { kind: 'person', jid: '123456@lid' }],
  ['120363000000000001@g.us', { kind: 'group', jid: '120363000000000001@g.us' }],
  ['120363000000000001@newsletter', { kind: 'newsletter', jid: '120363000000000001@newsletter' }],
  ['status@broadcast', { kind: 'broadcast', jid: 'status@broadcast' }],
])('the JID %s', (input, address) => {
  expect(parseAddress(input)).toEqual(address);
});

test.each(['', 'abc', '12345', '1234567890123456', '011 98888-7777', 'x@g.us', 'a@b.c', '12@s.whatsapp.net'])(
  'refuses %j with validation_failed',
  (input) => {
    expect(() => parseAddress(input)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  },
);

test('parties carry what is known', async () => {
  expect(partyOf('5511900000001:7@s.whatsapp.net', '9@lid')).toEqual({ jid: pn, pn, lid: '9@lid' });
  expect(partyOf('9:3@lid')).toEqual({ jid: '9@lid', pn: null, lid: '9@lid' });
  expect(meOf({ id: '5511900000001:7@s.whatsapp.net', lid: '9:7@lid', name: '~' })).toEqual({
    jid: pn,
    pn,
    lid: '9@lid',
    name: null,
  });
});

function mapping() {
  const clock = createHandClock();
  const lids = new LidMapping(new AccountRecords(createMemoryStore(), 'one', () => undefined), clock);
  return { clock, lids };
}

test('the mapping answers both ways, with devices', async () => {
  const { lids } = mapping();
  await lids.storeLIDPNMappings([
    { lid: '9@lid', pn },
    { lid: 'nonsense', pn },
  ]);
  expect(await lids.getLIDForPN('5511900000001:4@s.whatsapp.net')).toBe('9:4@lid');
  expect(await lids.getPNForLID('9:4@lid')).toBe('5511900000001:4@s.whatsapp.net');
  expect(await lids.getPNForLID('8@lid')).toBe(null);
  expect(await resolvedParty(lids, '9@lid')).toEqual({ jid: '9@lid', pn, lid: '9@lid' });
  expect(await resolvedParty(lids, pn)).toEqual({ jid: pn, pn, lid: '9@lid' });
});

test('an unknown number is asked once at a time, and a miss not again for a while', async () => {
  const { lids, clock } = mapping();
  const asked: string[][] = [];
  let answer: { pn: string; lid: string }[] = [];
  lids.lookup = async (pns) => {
    asked.push(pns);
    await Promise.resolve();
    return answer;
  };
  expect(await Promise.all([lids.getLIDForPN(pn), lids.getLIDForPN(pn)])).toEqual([null, null]);
  expect(await lids.getLIDForPN(pn)).toBe(null);
  expect(asked).toEqual([[pn]]);
  clock.advance(lidMissTtlMs + 1);
  answer = [{ pn, lid: '9@lid' }];
  expect(await lids.getLIDForPN(pn)).toBe('9@lid');
  expect(await lids.getLIDForPN(pn)).toBe('9@lid');
  expect(asked.length).toBe(2);
});

test('a failed question is no miss', async () => {
  const { lids } = mapping();
  lids.lookup = () => Promise.reject(new Error('offline'));
  await expect(lids.getLIDForPN(pn)).rejects.toThrow('offline');
  lids.lookup = async () => [{ pn, lid: '9@lid' }];
  expect(await lids.getLIDForPN(pn)).toBe('9@lid');
});

test('answers are matched to numbers, ninth digit either way', () => {
  expect(withoutNinthDigit('5531988887777')).toBe('553188887777');
  expect(withoutNinthDigit('553188887777')).toBe('553188887777');
  expect(withoutNinthDigit('15551234567')).toBe('15551234567');
  expect(bothWritings('5531988887777')).toEqual(['5531988887777', '553188887777']);
  expect(bothWritings('553188887777')).toEqual(['553188887777', '5531988887777']);
  expect(bothWritings('15551234567')).toEqual(['15551234567']);
  const found = { jid: '553188887777@s.whatsapp.net', lid: null, isIn: true, asked: null };
  const match = matcher([found]);
  expect(match('5531988887777')).toBe(found);
  expect(match('553188887777')).toBe(found);
  expect(match('5531988887778')).toBe(undefined);
});

test('Signal addresses as Baileys writes them', () => {
  expect(signalAddress('5511900000001@s.whatsapp.net').name).toBe('5511900000001.0');
  expect(signalAddress('5511900000001:4@s.whatsapp.net').name).toBe('5511900000001.4');
  expect(signalAddress('9:4@lid').name).toBe('9_1.4');
  expect(signalAddress('9:99@hosted.lid').name).toBe('9_129.99');
  expect(() => signalAddress('9:99@lid')).toThrow(/device 99/);
  expect(() => signalAddress('nobody')).toThrow(/without a user/);
});

/** Numbers, LIDs, abouts, pictures, presence, privacy, block list and app state with Baileys sockets. */
import { describe, expect, it } from 'vitest';
import { echoNumber, jidOf, silentNumber, useSandbox } from './support/fixture.ts';
import { until } from './support/waiting.ts';

const ann = '5511970000201';
const bob = '5511970000202';
/** The smallest PNG that decodes. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('directory and profile', () => {
  const fixture = useSandbox();

  it('answers which numbers exist, with the Brazilian ninth digit', async () => {
    const { sock } = await fixture.open(ann);
    const ask = async (number: string): Promise<string | undefined> =>
      (await sock.onWhatsApp(number))?.[0]?.jid;
    expect(await ask(echoNumber)).toBe(jidOf(echoNumber));
    expect(await ask('5511988880000')).toBeUndefined();
    expect(await ask('551188880001')).toBeUndefined();
    expect(await ask('5531988880001')).toBe('553188880001@s.whatsapp.net');
    expect(await ask('553188880001')).toBe('553188880001@s.whatsapp.net');
    expect(await ask('442071838750')).toBe('442071838750@s.whatsapp.net');
  });

  it('shows abouts and pictures', async () => {
    const { sock } = await fixture.open(ann);
    await sock.updateProfileStatus('at the theatre');
    expect((await sock.fetchStatus(jidOf(ann)))?.[0]).toMatchObject({ status: { status: 'at the theatre' } });
    expect((await sock.fetchStatus(jidOf(echoNumber)))?.[0]).toMatchObject({
      status: { status: 'About Contact 0001' },
    });
    await expect(sock.profilePictureUrl(jidOf(echoNumber))).rejects.toThrow('item-not-found');
    fixture.sandbox.contact(echoNumber).setPicture(picture);
    expect(await sock.profilePictureUrl(jidOf(echoNumber))).toMatch(/^https:\/\/127\.0\.0\.1/);
    await sock.updateProfilePicture(jidOf(ann), picture);
    expect(await sock.profilePictureUrl(jidOf(ann))).toMatch(/^https:/);
    await sock.removeProfilePicture(jidOf(ann));
    await expect(sock.profilePictureUrl(jidOf(ann))).rejects.toThrow('item-not-found');
  });

  it('shows presence and typing', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    const seen = (what: string) => (event: { name: string; value: unknown }) =>
      event.name === 'presence.update' && JSON.stringify(event.value).includes(what);
    await one.sock.presenceSubscribe(jidOf(echoNumber));
    await one.events.find(seen('available'), 'presence of a contact');
    fixture.sandbox.contact(echoNumber).type(ann, 'composing');
    await one.events.find(seen('composing'), 'typing of a contact');
    fixture.sandbox.contact(echoNumber).type(ann, 'recording');
    await one.events.find(seen('recording'), 'recording of a contact');
    await until(() => two.auth.creds.me?.name !== undefined, 'name');
    await two.sock.presenceSubscribe(jidOf(ann));
    await until(() => one.auth.creds.me?.name !== undefined, 'name');
    await one.sock.sendPresenceUpdate('available');
    await two.events.find(seen('"available"'), 'presence of an account');
    await one.sock.sendPresenceUpdate('composing', jidOf(bob));
    await two.events.find(seen('composing'), 'typing of an account');
  });

  it('keeps privacy settings', async () => {
    const { sock } = await fixture.open(ann);
    expect(await sock.fetchPrivacySettings(true)).toMatchObject({ readreceipts: 'all', last: 'all' });
    await sock.updateLastSeenPrivacy('contacts');
    await sock.updateReadReceiptsPrivacy('none');
    expect(await sock.fetchPrivacySettings(true)).toMatchObject({ readreceipts: 'none', last: 'contacts' });
    await sock.updateDefaultDisappearingMode(86_400);
    expect(await sock.fetchDisappearingDuration(jidOf(ann))).toMatchObject([
      { disappearing_mode: { duration: 86_400 } },
    ]);
  });

  it('blocks a contact: what it writes is not delivered', async () => {
    const phone = await fixture.open(ann);
    await phone.send(jidOf(silentNumber), 'hello');
    await phone.sock.updateBlockStatus(jidOf(silentNumber), 'block');
    const lid = fixture.sandbox.contact(silentNumber).contact.lidJid;
    expect(await phone.sock.fetchBlocklist()).toEqual([lid]);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'unheard');
    await phone.sock.updateBlockStatus(jidOf(silentNumber), 'unblock');
    expect(await phone.sock.fetchBlocklist()).toEqual([]);
    await fixture.sandbox.sendFrom(silentNumber, ann, 'heard');
    await phone.whenText('heard');
    expect(JSON.stringify(phone.upserts.all)).not.toContain('unheard');
  });

  it('keeps app state that clients write, and syncs it to other devices', async () => {
    const first = await fixture.open(ann);
    await until(() => (first.auth.creds.accountSyncCounter ?? 0) > 0, 'account sync');
    const second = await fixture.open(ann);
    await until(() => (second.auth.creds.accountSyncCounter ?? 0) > 0, 'account sync');
    await first.sock.chatModify({ pin: true }, jidOf(echoNumber));
    await first.sock.chatModify({ mute: Date.now() + 3_600_000 }, jidOf(echoNumber));
    await first.sock.addLabel(jidOf(echoNumber), { id: '7', name: 'Audience', color: 1 });
    const has = (name: string, text: string) => (event: { name: string; value: unknown }) =>
      event.name === name && JSON.stringify(event.value).includes(text);
    await second.events.find(has('chats.update', 'pinned'), 'pin');
    await second.events.find(has('chats.update', 'muteEndTime'), 'mute');
    await second.events.find(has('labels.edit', 'Audience'), 'label');
    const third = await fixture.open(ann);
    await third.events.find(has('labels.edit', 'Audience'), 'label on a new device');
  });

  it('answers business profiles', async () => {
    const { sock } = await fixture.open(ann);
    expect(await sock.getBusinessProfile(jidOf('5511988880077'))).toMatchObject({
      email: 'contact@example.com',
    });
    expect(await sock.getBusinessProfile(jidOf(echoNumber))).toBeUndefined();
  });
});

/** Groups, communities, newsletters, status and calls with unmodified Baileys sockets. */
import { describe, expect, it } from 'vitest';
import { echoNumber, jidOf, readerNumber, silentNumber, useSandbox } from './support/fixture.ts';
import { type PhoneSocket, textOf } from './support/phone-socket.ts';

const ann = '5511970000301';
const bob = '5511970000302';
const eve = '5511970000303';

const inGroup = (phone: PhoneSocket, text: string) =>
  phone.upserts.find(({ message }) => textOf(message) === text && message.key.fromMe !== true, text);
const hasEvent = (name: string, text: string) => (event: { name: string; value: unknown }) =>
  event.name === name && JSON.stringify(event.value).includes(text);

for (const addressing of ['lid', 'pn'] as const) {
  describe(`groups addressed by ${addressing}`, () => {
    const fixture = useSandbox({ groupAddressing: addressing });

    it('creates, fans out with sender keys, and answers', async () => {
      const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
      const group = await one.sock.groupCreate('Cast', [jidOf(bob), jidOf(echoNumber), jidOf(silentNumber)]);
      expect(group).toMatchObject({ subject: 'Cast', addressingMode: addressing });
      expect(group.participants).toHaveLength(4);
      await two.events.find(hasEvent('groups.upsert', 'Cast'), 'group of the other');
      const id = await one.send(group.id, 'to all');
      await inGroup(two, 'to all');
      await inGroup(one, 'to all');
      await one.events.find(hasEvent('message-receipt.update', id), 'group receipt');
      await two.send(group.id, 'from bob');
      await inGroup(one, 'from bob');
      for (let n = 1; n <= 5; n += 1) await one.send(group.id, `again ${n}`);
      await inGroup(two, 'again 5');
      expect(fixture.sandbox.stats().total.decryptFailures).toBe(0);
    });
  });
}

describe('group administration', () => {
  const fixture = useSandbox();

  it('changes members, roles and settings, and tells the members', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    const { id } = await one.sock.groupCreate('Cast', [jidOf(bob)]);
    const missing = '5511988880000@s.whatsapp.net';
    const added = await one.sock.groupParticipantsUpdate(id, [jidOf(silentNumber), missing], 'add');
    expect(added.map(({ status }) => status)).toEqual(['200', '404']);
    await two.events.find(hasEvent('group-participants.update', '"add"'), 'added');
    const lid = fixture.sandbox.contact(silentNumber).contact.lidJid;
    await one.sock.groupParticipantsUpdate(id, [lid], 'promote');
    await two.events.find(hasEvent('group-participants.update', '"promote"'), 'promoted');
    await expect(two.sock.groupParticipantsUpdate(id, [lid], 'remove')).rejects.toThrow('forbidden');
    await one.sock.groupUpdateSubject(id, 'New cast');
    await two.events.find(hasEvent('groups.update', 'New cast'), 'subject');
    await one.sock.groupUpdateDescription(id, 'who plays what');
    await one.sock.groupSettingUpdate(id, 'announcement');
    await one.sock.groupSettingUpdate(id, 'locked');
    await one.sock.groupToggleEphemeral(id, 86_400);
    await one.sock.groupMemberAddMode(id, 'admin_add');
    const metadata = await two.sock.groupMetadata(id);
    expect(metadata).toMatchObject({
      subject: 'New cast',
      desc: 'who plays what',
      announce: true,
      restrict: true,
      ephemeralDuration: 86_400,
      memberAddMode: false,
    });
    await two.whenRefused(await two.send(id, 'not allowed'), '403');
    await one.sock.groupParticipantsUpdate(id, [lid], 'remove');
    await two.sock.groupLeave(id);
    await one.events.find(hasEvent('group-participants.update', '"remove"'), 'removed');
    expect(Object.keys(await two.sock.groupFetchAllParticipating())).toEqual([]);
    await expect(two.sock.groupMetadata('120363999999999999@g.us')).rejects.toThrow('item-not-found');
  });

  it('invites, asks to join, approves and rejects', async () => {
    const [one, two, three] = await Promise.all([fixture.open(ann), fixture.open(bob), fixture.open(eve)]);
    const { id } = await one.sock.groupCreate('Cast', []);
    const code = (await one.sock.groupInviteCode(id)) ?? '';
    expect((await two.sock.groupGetInviteInfo(code)).subject).toBe('Cast');
    expect(await two.sock.groupAcceptInvite(code)).toBe(id);
    const next = (await one.sock.groupRevokeInvite(id)) ?? '';
    expect(next).not.toBe(code);
    await expect(three.sock.groupAcceptInvite(code)).rejects.toThrow();
    await one.sock.groupJoinApprovalMode(id, 'on');
    await three.sock.groupAcceptInvite(next);
    await one.events.find(hasEvent('group.join-request', 'created'), 'join request');
    fixture.sandbox.contact(silentNumber).join(next);
    const requests = await one.sock.groupRequestParticipantsList(id);
    expect(requests).toHaveLength(2);
    const [first, second] = requests.map(({ jid }) => jid ?? '');
    expect(await one.sock.groupRequestParticipantsUpdate(id, [first ?? ''], 'approve')).toMatchObject([
      { status: '200' },
    ]);
    await one.sock.groupRequestParticipantsUpdate(id, [second ?? ''], 'reject');
    expect((await one.sock.groupMetadata(id)).participants).toHaveLength(3);
  });

  it('groups of contacts: messages, typing, picture', async () => {
    const phone = await fixture.open(ann);
    const contact = fixture.sandbox.contact(readerNumber);
    const jid = contact.createGroup('Audience', [ann, silentNumber]);
    await phone.events.find(hasEvent('groups.upsert', 'Audience'), 'group');
    for (let n = 1; n <= 3; n += 1) await contact.write(jid, `row ${n}`);
    const last = await inGroup(phone, 'row 3');
    expect(last.message.key).toMatchObject({ remoteJid: jid, participant: contact.contact.lidJid });
    contact.type(jid, 'composing');
    await phone.events.find(hasEvent('presence.update', 'composing'), 'typing');
    expect(fixture.sandbox.stats().total.decryptFailures).toBe(0);
  });

  it('communities: create, link, unlink', async () => {
    const { sock } = await fixture.open(ann);
    const community = await sock.communityCreate('Theatre', 'all casts');
    const group = await sock.groupCreate('Cast', []);
    await sock.communityLinkGroup(group.id, community?.id ?? '');
    const linked = await sock.communityFetchLinkedGroups(community?.id ?? '');
    expect(linked.linkedGroups.map(({ subject }) => subject)).toContain('Cast');
    await sock.communityUnlinkGroup(group.id, community?.id ?? '');
    expect((await sock.groupMetadata(group.id)).linkedParent).toBeUndefined();
    expect((await sock.communityMetadata(community?.id ?? '')).subject).toBe('Theatre');
  });
});

describe('newsletters, status and calls', () => {
  const fixture = useSandbox();

  it('newsletters: create, follow, publish, read, delete', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    const letter = await one.sock.newsletterCreate('Premieres', 'what is on');
    expect(letter.name).toBe('Premieres');
    expect(await two.sock.newsletterMetadata('jid', letter.id)).toMatchObject({ id: letter.id });
    await two.sock.newsletterFollow(letter.id);
    await two.sock.newsletterMute(letter.id);
    expect(await one.sock.newsletterSubscribers(letter.id)).toEqual({ subscribers: 2 });
    await one.send(letter.id, 'tonight');
    await two.upserts.find(({ message }) => textOf(message) === 'tonight', 'newsletter message');
    await one.sock.newsletterUpdateName(letter.id, 'First nights');
    expect(await one.sock.newsletterFetchMessages(letter.id, 10, 0, 0)).toMatchObject({
      attrs: { type: 'result' },
    });
    await one.sock.newsletterDelete(letter.id);
    await expect(two.sock.newsletterMetadata('jid', letter.id)).rejects.toThrow('not found');
  });

  it('status: posts and receives', async () => {
    const [one, two] = await Promise.all([fixture.open(ann), fixture.open(bob)]);
    await one.sock.sendMessage(
      'status@broadcast',
      { text: 'on stage' },
      { statusJidList: [jidOf(bob), jidOf(silentNumber)] },
    );
    const seen = await two.upserts.find(({ message }) => textOf(message) === 'on stage', 'status');
    expect(seen.message.key.remoteJid).toBe('status@broadcast');
    await fixture.sandbox.contact(silentNumber).postStatus('in the hall', [ann]);
    await one.upserts.find(({ message }) => textOf(message) === 'in the hall', 'status of a contact');
  });

  it('calls: offer, reject, missed', async () => {
    const phone = await fixture.open(ann);
    const contact = fixture.sandbox.contact(silentNumber);
    const call = contact.call(ann, true);
    await phone.events.find(hasEvent('call', '"offer"'), 'offer');
    await phone.sock.rejectCall(call.id, contact.contact.lidJid);
    expect(call.state).toBe('rejected');
    const missed = contact.call(ann);
    contact.hangUp(missed);
    await phone.events.find(hasEvent('call', '"timeout"'), 'missed call');
    expect(await phone.sock.createCallLink('audio')).toMatch(/LINK/);
  });
});

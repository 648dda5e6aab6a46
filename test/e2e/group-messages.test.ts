/** Messages to groups and newsletters beside plain text: mentions, files, polls with votes, as the others have them. */
import { proto } from '@whiskeysockets/baileys';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { voteFor } from '../../src/sandbox/contacts/change.ts';
import { type Answer, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let friend: string;
const ann = '5511987658001';
const ben = '5511987658002';
const base = '/v1/instances/sales';
/** By addressing mode. */
const groups = new Map<'pn' | 'lid', string>();
const modes = ['pn', 'lid'] as const;

beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off' });
  ({ phone } = await stage.openInstance('sales'));
  ({ phone: friend } = await stage.openInstance('friend'));
  for (const mode of modes)
    groups.set(mode, stage.sandbox.contact(ann).createGroup(`By ${mode}`, [phone, friend, ben], mode));
});
afterAll(() => stage.stop());

const groupOf = (mode: 'pn' | 'lid'): string => groups.get(mode) ?? '';
const send = (to: string, body: object): Promise<Answer> =>
  stage.call('POST', `${base}/messages`, { to, wait: 'delivered', ...body });
function seenBy(contact: string, { status, body }: Answer): proto.IMessage {
  expect(status, JSON.stringify(body)).toBe(201);
  const found = stage.sandbox.receivedBy(contact).find(({ id }) => id === body.id);
  if (!found) throw new Error(`${contact} did not receive ${body.id}`);
  return found.message;
}
const told = (instance: string, fits: (event: ReceivedEvent) => boolean, what: string) =>
  stage.hook.next(({ event }) => event.instance === instance && fits(event), what);
const picture = (): Promise<Buffer> =>
  sharp({ create: { width: 320, height: 200, channels: 3, background: '#884422' } })
    .jpeg()
    .toBuffer();

const addressesIn = (mode: 'pn' | 'lid'): string[] => {
  const { world } = stage.sandbox;
  const accounts = [phone, friend].map((number) => world.accounts.find(number));
  const contacts = [ann, ben].map((number) => stage.sandbox.contact(number).contact);
  return [...accounts, ...contacts].map((one) => (mode === 'pn' ? one?.pn : one?.lidJid) ?? '');
};

it.each(modes)('"all" mentions every member of a group by %s, as the group addresses them', async (mode) => {
  const text = seenBy(
    ann,
    await send(groupOf(mode), { type: 'text', text: '@all on stage', mentions: 'all' }),
  );
  expect(text.extendedTextMessage?.text).toBe('@all on stage');
  const mentioned = text.extendedTextMessage?.contextInfo?.mentionedJid ?? [];
  expect([...mentioned].sort()).toEqual(addressesIn(mode).sort());
  const media = { base64: (await picture()).toString('base64') };
  const image = { type: 'image', caption: 'the set', media, mentions: 'all' };
  const shown = seenBy(ben, await send(groupOf(mode), image));
  expect(shown.imageMessage?.contextInfo?.mentionedJid).toHaveLength(4);
});

it('mentions those who are named, and "all" is refused in a chat of two', async () => {
  const message = { type: 'text', text: 'you two', mentions: [`+${ben}`, `${ann}@s.whatsapp.net`] };
  const text = seenBy(ann, await send(groupOf('pn'), message));
  expect(text.extendedTextMessage?.contextInfo?.mentionedJid).toEqual(
    [ben, ann].map((number) => `${number}@s.whatsapp.net`),
  );
  // WhatsApp knows this one without its ninth digit.
  const [written, known] = ['5531987658001', '553187658001'];
  const nine = { type: 'text', text: `@${written} or @${ann}`, mentions: ['+55 31 98765-8001', ann] };
  const named = seenBy(ann, await send(groupOf('pn'), nine)).extendedTextMessage;
  expect(named?.text).toBe(`@${known} or @${ann}`);
  expect(named?.contextInfo?.mentionedJid).toEqual([known, ann].map((number) => `${number}@s.whatsapp.net`));
  const refused = await send(ann, { type: 'text', text: 'all?', mentions: 'all' });
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'mentions' }] } });
});

it.each(modes)('those who are named in a group by %s are named as it addresses them', async (mode) => {
  const user = (jid: string | undefined): string => jid?.split('@')[0] ?? '';
  const { contact } = stage.sandbox.contact(ben);
  const jid = mode === 'pn' ? contact.pn : contact.lidJid;
  const stranger = '5511987658009@s.whatsapp.net';
  for (const address of [`+${ben}`, contact.pn, contact.lidJid]) {
    const written = address === contact.lidJid ? user(address) : ben;
    const message = { type: 'text', text: `thanks, @${written}!`, mentions: [address, stranger] };
    const answer = await send(groupOf(mode), message);
    const shown = seenBy(ann, answer).extendedTextMessage;
    expect(shown?.text).toBe(`thanks, @${user(jid)}!`);
    expect(shown?.contextInfo?.mentionedJid).toEqual([jid, stranger]);
    expect(answer.body.text).toBe(message.text);
  }
  const media = { base64: (await picture()).toString('base64') };
  const image = { type: 'image', caption: `for @${ben}`, media, mentions: [ben] };
  const shown = seenBy(ann, await send(groupOf(mode), image)).imageMessage;
  expect(shown).toMatchObject({ caption: `for @${user(jid)}`, contextInfo: { mentionedJid: [jid] } });
});

it.each(modes)('in a group by %s its author and its administrators delete a message', async (mode) => {
  const gid = groupOf(mode);
  const [author, admin] = [stage.sandbox.contact(ben), stage.sandbox.contact(ann)];
  const jid = mode === 'pn' ? author.contact.pn : author.contact.lidJid;
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    const id = await author.write(gid, text);
    await told('sales', (e) => e.data.id === id, text);
    ids.push(id);
  }
  const [one = '', two = '', three = ''] = ids;
  const friendly = await stage.call('POST', '/v1/instances/friend/messages', {
    ...{ to: gid, type: 'text', text: 'mine' },
  });
  await told('sales', (e) => e.type === 'message.received' && e.data.id === friendly.body.id, 'mine');
  // Somebody else says that it was theirs: what they delete next of their own comes after it.
  await author.revoke(gid, friendly.body.id);
  await author.revoke(gid, one);
  await admin.revoke(gid, two, jid);
  for (const id of [one, two])
    await told('sales', (e) => e.type === 'message.deleted' && e.data.id === id, 'it is gone');
  const kept = async (id: string) => (await stage.call('GET', `${base}/messages/${id}`)).body;
  expect(await kept(friendly.body.id)).toMatchObject({ text: 'mine', deletedAt: null });
  expect(await kept(one)).toMatchObject({ text: null });
  expect(await kept(two)).toMatchObject({ text: null });
  expect(await kept(three)).toMatchObject({ text: 'three', deletedAt: null });
  const deletions = stage.hook.of('message.deleted').filter(({ instance }) => instance === 'sales');
  expect(deletions.map(({ data }) => data.id)).not.toContain(friendly.body.id);
  await expect(author.revoke(gid, three, admin.contact.pn)).rejects.toThrow(/no administrator/);
});

it.each(modes)('files reach every member of a group by %s, each readable', async (mode) => {
  const file = await picture();
  const media = { base64: file.toString('base64') };
  for (const body of [
    { type: 'image', caption: 'the set' },
    { type: 'document', filename: 'set.jpg' },
    { type: 'sticker' },
  ]) {
    const answer = await send(groupOf(mode), { ...body, media });
    for (const contact of [ann, ben]) {
      const found = stage.sandbox.fileOf(seenBy(contact, answer));
      if (body.type === 'sticker') expect(found?.toString('latin1', 8, 12)).toBe('WEBP');
      else expect(found?.equals(file)).toBe(true);
    }
    const { event } = await told(
      'friend',
      (e) => e.data.id === answer.body.id,
      `the friend has ${body.type}`,
    );
    expect(event).toMatchObject({
      type: 'message.received',
      data: { type: body.type, chat: { jid: groupOf(mode) }, media: { size: expect.any(Number) } },
    });
    const download = await stage.call('GET', `/v1/instances/friend/messages/${answer.body.id}/media`);
    expect(download.status).toBe(200);
  }
});

it.each(modes)('votes on a poll in a group by %s are opened and counted', async (mode) => {
  const gid = groupOf(mode);
  const options = ['Hamlet', 'Macbeth', 'Lear'];
  const answer = await send(gid, { type: 'poll', question: 'Which?', options, selectable: 0 });
  const { id } = answer.body;
  const creation = seenBy(ann, answer);
  expect(creation.pollCreationMessage).toMatchObject({ name: 'Which?', selectableOptionsCount: 0 });
  const secret = creation.messageContextInfo?.messageSecret ?? new Uint8Array();
  const account = stage.sandbox.world.accounts.find(phone);
  const creator = (mode === 'pn' ? account?.pn : account?.lidJid) ?? '';
  const key = { id, fromMe: false, remoteJid: gid, participant: creator };
  const vote = async (number: string, chosen: string[]): Promise<ReceivedEvent> => {
    const speaker = stage.sandbox.contact(number);
    const voter = mode === 'pn' ? speaker.contact.pn : speaker.contact.lidJid;
    await speaker.write(gid, voteFor({ key, secret, creator }, voter, chosen));
    const isOf = (e: ReceivedEvent): boolean =>
      e.type === 'poll.vote' && e.data.id === id && String(e.data.options) === String(chosen);
    return (await told('sales', isOf, `the vote of ${number}`)).event;
  };
  expect((await vote(ann, ['Hamlet', 'Lear'])).data).toMatchObject({
    chat: { jid: gid },
    from: { lid: stage.sandbox.contact(ann).contact.lidJid },
    options: ['Hamlet', 'Lear'],
  });
  await vote(ben, ['Lear']);
  const changed = await vote(ann, ['Macbeth']);
  expect(changed.data.results).toEqual([
    { option: 'Hamlet', votes: 0 },
    { option: 'Macbeth', votes: 1 },
    { option: 'Lear', votes: 1 },
  ]);
  const kept = await stage.call('GET', `${base}/messages/${id}`);
  expect(kept.body.votes.map((one: { options: string[] }) => one.options)).toEqual(
    expect.arrayContaining([['Macbeth'], ['Lear']]),
  );
});

it('files in newsletters are public: followers have them unencrypted, with their caption', async () => {
  const made = await stage.call('POST', `${base}/newsletters`, { name: 'Premieres' });
  const nid = made.body.id;
  await stage.call('PUT', `/v1/instances/friend/newsletters/${nid}/follow`);
  const file = await picture();
  const media = { base64: file.toString('base64') };
  const sent = await stage.call('POST', `${base}/messages`, {
    ...{ to: nid, type: 'image', caption: 'the poster', media },
  });
  expect(sent).toMatchObject({ status: 201, body: { status: 'sent', type: 'image' } });
  const kept = stage.sandbox.world.newsletters.find(nid)?.messages.at(-1);
  const message = proto.Message.decode(kept?.plain ?? new Uint8Array());
  expect(message.imageMessage).toMatchObject({ caption: 'the poster', width: 320 });
  expect(message.imageMessage?.mediaKey?.length ?? 0).toBe(0);
  expect(stage.sandbox.world.media.find(message.imageMessage?.directPath ?? '')?.equals(file)).toBe(true);
  const { event } = await told('friend', (e) => e.data.id === sent.body.id, 'the follower has it');
  expect(event).toMatchObject({ type: 'message.received', data: { type: 'image', text: 'the poster' } });
  const url = `${stage.gateway.url}/v1/instances/friend/messages/${sent.body.id}/media`;
  const download = await fetch(url, { headers: { authorization: 'Bearer e2e-admin-key' } });
  expect(Buffer.from(await download.arrayBuffer()).equals(file)).toBe(true);
});

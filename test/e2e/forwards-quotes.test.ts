/** Forwarded messages and quotes, as the other side gets them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaMessage } from '../../src/sandbox/contacts/send-media.ts';
import { startTalk } from './support/talk.ts';

const talk = await startTalk();
afterAll(() => talk.stage.stop());
const { stage, phone, call, get, heard, got, send, receive } = talk;
const ann = '5511987657101';
const ben = '5511987657102';
const eve = '5511987657103';
const pn = (number: string): string => `${number}@s.whatsapp.net`;

describe('a forward', () => {
  it('is marked with its score, without its quote', async () => {
    const contextInfo = { isForwarded: true, forwardingScore: 3, stanzaId: 'Q', participant: pn(phone) };
    const id = await receive(ann, { extendedTextMessage: { text: 'news', contextInfo } });
    const made = await call('POST', `/${id}/forward`, { to: ben });
    expect(made).toMatchObject({
      status: 201,
      body: { type: 'text', text: 'news', chat: { pn: pn(ben) }, status: 'sent' },
    });
    expect(made.body.id).not.toBe(id);
    const { message } = await got(ben, (one) => one.id === made.body.id);
    const { text, contextInfo: context } = message.extendedTextMessage ?? {};
    expect([text, context?.isForwarded, context?.forwardingScore]).toEqual(['news', true, 4]);
    expect(context?.stanzaId ?? null).toBe(null);
    expect((await get(made.body.id, 'two')).text).toBe('news');
  });

  it('of a plain text, of its latest edit, and of an own message, which is not marked', async () => {
    const id = await receive(ann, 'plian');
    await stage.sandbox.contact(ann).edit(phone, id, 'plain');
    await heard('one', 'message.edited', id);
    const made = await call('POST', `/${id}/forward`, { to: ben });
    const plain = await got(ben, (one) => one.id === made.body.id);
    expect(plain.message.extendedTextMessage).toMatchObject({
      text: 'plain',
      contextInfo: { isForwarded: true, forwardingScore: 1 },
    });
    const again = await call('POST', `/${await send(ann, 'own')}/forward`, { to: ben });
    const own = await got(ben, (one) => one.id === again.body.id);
    expect(own.message.extendedTextMessage?.text).toBe('own');
    expect(own.message.extendedTextMessage?.contextInfo?.isForwarded ?? false).toBe(false);
  });

  const picture = (bytes: Buffer) =>
    mediaMessage(stage.sandbox.world, 'image', bytes, { mimetype: 'image/png', caption: 'look' });

  it('of a file names the same file; without its key, or to be viewed once, it is refused', async () => {
    const message = picture(Buffer.from('a picture'));
    const id = await receive(ann, message);
    const made = await call('POST', `/${id}/forward`, { to: ben });
    expect(made.body).toMatchObject({ type: 'image', text: 'look', media: { mimetype: 'image/png' } });
    const forwarded = await got(ben, (one) => one.id === made.body.id);
    expect(forwarded.attrs['type']).toBe('media');
    expect(forwarded.message.imageMessage).toMatchObject({
      directPath: message.imageMessage?.directPath,
      contextInfo: { isForwarded: true, forwardingScore: 1 },
    });
    expect(stage.sandbox.fileOf(forwarded.message)?.toString()).toBe('a picture');
    const { mediaKey: _, ...keyless } = message.imageMessage ?? {};
    const ids = [
      await receive(ann, { imageMessage: keyless }),
      await receive(ann, { viewOnceMessageV2: { message } }),
    ];
    for (const refused of ids)
      expect(await call('POST', `/${refused}/forward`, { to: ben })).toMatchObject({
        status: 409,
        body: { code: 'conflict' },
      });
  });

  it('of a file that WhatsApp has no more names where the phone uploaded it again', async () => {
    const { media } = stage.sandbox.world;
    const message = picture(Buffer.from('an old picture'));
    const id = await receive(ann, message);
    media.expire(message.imageMessage?.directPath ?? '', 410);
    const made = await call('POST', `/${id}/forward`, { to: ben });
    expect(made.status).toBe(201);
    const forwarded = await got(ben, (one) => one.id === made.body.id);
    expect(forwarded.message.imageMessage?.directPath).not.toBe(message.imageMessage?.directPath);
    expect(stage.sandbox.fileOf(forwarded.message)?.toString()).toBe('an old picture');
  });

  it('of a document keeps its caption where apps show it', async () => {
    const about = { mimetype: 'application/pdf', caption: 'read', fileName: 'a.pdf' };
    const document = mediaMessage(stage.sandbox.world, 'document', Buffer.from('%PDF'), about);
    const id = await receive(ann, { documentWithCaptionMessage: { message: document } });
    const made = await call('POST', `/${id}/forward`, { to: ben });
    const { message } = await got(ben, (one) => one.id === made.body.id);
    const inner = message.documentWithCaptionMessage?.message?.documentMessage;
    expect(inner).toMatchObject({ caption: 'read', fileName: 'a.pdf', contextInfo: { forwardingScore: 1 } });
  });

  it('of a poll is a poll of its own', async () => {
    const poll = await call('POST', '', { to: ann, type: 'poll', question: 'lunch?', options: ['a', 'b'] });
    const made = await call('POST', `/${poll.body.id}/forward`, { to: ben });
    const first = await got(ann, (one) => one.id === poll.body.id);
    const second = await got(ben, (one) => one.id === made.body.id);
    expect(second.attrs['type']).toBe('poll');
    expect(second.message.pollCreationMessageV3?.name).toBe('lunch?');
    const secrets = [first, second].map(({ message }) =>
      Buffer.from(message.messageContextInfo?.messageSecret ?? []).toString('hex'),
    );
    expect(secrets[1]).toHaveLength(64);
    expect(secrets[0]).not.toBe(secrets[1]);
  });
});

describe('a quote', () => {
  it('of a message that came in shows it, and its author', async () => {
    const id = await receive(ann, 'the question');
    const sent = await call('POST', '', { to: ann, type: 'text', text: 'the answer', quote: id });
    expect(sent.body.quote).toMatchObject({
      id,
      type: 'text',
      text: 'the question',
      from: { pn: pn(ann), lid: expect.stringMatching(/@lid$/) },
    });
    expect((await get(sent.body.id)).quote).toEqual(sent.body.quote);
    const { message } = await got(ann, (one) => one.id === sent.body.id);
    const context = message.extendedTextMessage?.contextInfo;
    expect(context).toMatchObject({ stanzaId: id, participant: pn(ann) });
    expect(context?.quotedMessage?.extendedTextMessage?.text).toBe('the question');
    expect(context?.remoteJid ?? null).toBe(null);
  });

  it('of an own message names this account; one that is not known is refused, and nothing sent', async () => {
    const id = await send(ann, 'mine');
    const sent = await call('POST', '', { to: ann, type: 'location', latitude: 1, longitude: 2, quote: id });
    const { message } = await got(ann, (one) => one.id === sent.body.id);
    expect(message.locationMessage?.contextInfo).toMatchObject({
      stanzaId: id,
      participant: pn(phone),
      quotedMessage: { extendedTextMessage: { text: 'mine' } },
    });
    const unknown = await call('POST', '', { to: ann, type: 'text', text: 'x', quote: '3EB0UNKNOWN' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

describe('in a group', () => {
  let gid: string;

  const inGroup = (from: string, text: string): Promise<string> => talk.receiveIn(gid, from, text);

  beforeAll(async () => {
    gid = await talk.createGroup([ann, eve]);
  });

  it('a quote and a reaction name the author as the group addresses members', async () => {
    const id = await inGroup(eve, 'hello all');
    const { lidJid } = stage.sandbox.contact(eve).contact;
    const sent = await call('POST', '', { to: gid, type: 'text', text: 'hello eve', quote: id });
    const { message } = await got(ann, (one) => one.id === sent.body.id);
    expect(message.extendedTextMessage?.contextInfo).toMatchObject({ stanzaId: id, participant: lidJid });
    expect((await call('PUT', `/${id}/reaction`, { emoji: '❤️' })).status).toBe(204);
    const reaction = await got(ann, (one) => one.message.reactionMessage?.key?.id === id);
    expect(reaction.message.reactionMessage?.key).toMatchObject({
      remoteJid: gid,
      fromMe: false,
      participant: lidJid,
    });
    const own = await call('POST', '', { to: gid, type: 'text', text: 'me again', quote: sent.body.id });
    const again = await got(ann, (one) => one.id === own.body.id);
    expect(again.message.extendedTextMessage?.contextInfo?.participant).toBe(
      stage.sandbox.world.accounts.find(phone)?.lidJid,
    );
    const elsewhere = await call('POST', '', { to: ann, type: 'text', text: 'privately', quote: id });
    const told = await got(ann, (one) => one.id === elsewhere.body.id);
    expect(told.message.extendedTextMessage?.contextInfo).toMatchObject({ remoteJid: gid, stanzaId: id });
  });
});

/** What is done to messages over HTTP: what the other side gets of it, the account's other device, and the store. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../src/sandbox/contacts/received.ts';
import { type Answer, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
const ann = '5511987657101';
const ben = '5511987657102';
const eve = '5511987657103';
const base = '/v1/instances/one';
const pn = (number: string): string => `${number}@s.whatsapp.net`;

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('one'));
  await stage.openInstance('two', phone);
});
afterAll(() => stage.stop());

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  stage.call(method, `${base}/messages${path}`, body);
const get = async (id: string, instance = 'one') =>
  (await stage.call('GET', `/v1/instances/${instance}/messages/${id}`)).body;
const heard = async (
  instance: string,
  type: string,
  id: string,
  fits: (event: ReceivedEvent) => boolean = () => true,
) =>
  (
    await stage.hook.next(
      ({ event }) =>
        event.instance === instance && event.type === type && event.data.id === id && fits(event),
      `${instance} ${type} ${id}`,
    )
  ).event.data;

/** What no event tells, looked at again when the store may have changed. */
async function eventually(look: () => Promise<boolean>, what: string): Promise<void> {
  let isSo = false;
  const looking = async (): Promise<void> => {
    while (!isSo) {
      isSo = await look();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.all([looking(), stage.until(() => isSo, what)]);
}

/** What the contact got that fits, once it has. */
async function got(contact: string, fits: (one: ReceivedMessage) => boolean): Promise<ReceivedMessage> {
  const find = () => stage.sandbox.receivedBy(contact).find(fits);
  await stage.until(() => find() !== undefined, `${contact} gets it`);
  return find() as ReceivedMessage;
}

async function send(to: string, text: string): Promise<string> {
  const sent = await call('POST', '', { to, type: 'text', text });
  expect(sent.status).toBe(201);
  return sent.body.id;
}

async function receive(from: string, content: Parameters<Stage['sandbox']['sendFrom']>[2]): Promise<string> {
  const id = await stage.sandbox.sendFrom(from, phone, content);
  await Promise.all(['one', 'two'].map((instance) => heard(instance, 'message.received', id)));
  return id;
}

describe('an edit', () => {
  it('reaches the other side and the other device, and shows in the message', async () => {
    const id = await send(ann, 'see you at ten');
    const edited = await call('PATCH', `/${id}`, { text: 'see you at nine' });
    expect(edited).toMatchObject({ status: 200, body: { id, text: 'see you at nine', fromMe: true } });
    const { message, attrs, id: carrier } = await got(ann, ({ attrs }) => attrs['edit'] === '1');
    expect(message.protocolMessage).toMatchObject({
      type: 14,
      key: { id, fromMe: true },
      editedMessage: { extendedTextMessage: { text: 'see you at nine' } },
    });
    expect(attrs).toMatchObject({ type: 'text' });
    const data = await heard('one', 'message.edited', id);
    expect(data).toMatchObject({ text: 'see you at nine', fromMe: true, chat: { pn: pn(ann) } });
    expect(edited.body.editedAt).toBe(data.at);
    expect(await heard('two', 'message.edited', id)).toMatchObject({ text: 'see you at nine', fromMe: true });
    // Its own receipts are no news: the message that was edited has states of its own.
    await eventually(async () => (await get(carrier)).status === 'read', 'the edit is read');
    const told = stage.hook.of('message.status').filter(({ instance }) => instance === 'one');
    expect(told.filter(({ data }) => data.id === carrier)).toEqual([]);
  });

  it('is refused where WhatsApp would ignore it', async () => {
    const theirs = await receive(ann, 'mine');
    const place = await call('POST', '', { to: ann, type: 'location', latitude: 1, longitude: 2 });
    for (const id of [theirs, place.body.id]) {
      const refused = await call('PATCH', `/${id}`, { text: 'x' });
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    }
    expect(await call('PATCH', '/3EB0NONE', { text: 'x' })).toMatchObject({ status: 404 });
    expect(await call('PATCH', `/${theirs}`, { text: '' })).toMatchObject({ status: 400 });
  });

  it('changes a caption, and keeps the file', async () => {
    const png = await (await import('sharp'))
      .default({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const media = { base64: png.toString('base64') };
    const sent = await call('POST', '', { to: ann, type: 'image', media, caption: 'before' });
    expect(sent.status).toBe(201);
    const { id } = sent.body;
    expect((await call('PATCH', `/${id}`, { text: 'after' })).body).toMatchObject({ text: 'after' });
    const { message } = await got(ann, (one) => one.message.protocolMessage?.key?.id === id);
    const image = message.protocolMessage?.editedMessage?.imageMessage;
    const original = (await got(ann, (one) => one.id === id)).message.imageMessage;
    expect(image?.caption).toBe('after');
    expect(Buffer.from(image?.mediaKey ?? [])).toEqual(Buffer.from(original?.mediaKey ?? [1]));
  });
});

describe('a deletion', () => {
  it('for everyone', async () => {
    const id = await send(ann, 'oops');
    const path = `/${id}?for=everyone`;
    expect((await call('DELETE', path)).status).toBe(204);
    const { message, attrs } = await got(ann, ({ message }) => message.protocolMessage?.key?.id === id);
    expect(message.protocolMessage).toMatchObject({ type: 0, key: { fromMe: true } });
    expect(attrs['edit']).toBe('7');
    for (const instance of ['one', 'two']) {
      expect(await heard(instance, 'message.deleted', id)).toMatchObject({ for: 'everyone', fromMe: true });
      expect(await get(id, instance)).toMatchObject({ text: null, deletedAt: expect.any(String) });
    }
    expect((await call('DELETE', path)).status).toBe(204);
    expect(await call('PATCH', `/${id}`, { text: 'x' })).toMatchObject({ status: 409 });
    const theirs = await receive(ann, 'stays');
    expect(await call('DELETE', `/${theirs}`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('for this account alone, on its other device too', async () => {
    const before = await receive(ben, 'the one before');
    const id = await receive(ben, 'not for my eyes');
    expect((await call('DELETE', `/${id}?for=me`)).status).toBe(204);
    for (const instance of ['one', 'two']) {
      expect(await heard(instance, 'message.deleted', id)).toMatchObject({
        for: 'me',
        chat: { pn: pn(ben) },
      });
      expect((await stage.call('GET', `/v1/instances/${instance}/messages/${id}`)).status).toBe(404);
      const chat = await stage.call('GET', `/v1/instances/${instance}/chats/${ben}`);
      expect(chat.body.lastMessage.id).toBe(before);
    }
    expect(stage.sandbox.receivedBy(ben)).toEqual([]);
  });
});

it('a reaction, and its removal', async () => {
  const id = await receive(ann, 'like me');
  expect((await call('PUT', `/${id}/reaction`, { emoji: '👍' })).status).toBe(204);
  const first = await got(ann, ({ message }) => message.reactionMessage?.key?.id === id);
  expect(first.message.reactionMessage).toMatchObject({ text: '👍', key: { fromMe: false } });
  expect(first.attrs).toMatchObject({ type: 'reaction' });
  expect(first.attrs['edit']).toBeUndefined();
  for (const instance of ['one', 'two']) {
    expect(await heard(instance, 'message.reaction', id)).toMatchObject({ emoji: '👍', fromMe: true });
    expect((await get(id, instance)).reactions).toMatchObject([{ emoji: '👍', from: { pn: pn(phone) } }]);
  }
  expect((await call('PUT', `/${id}/reaction`, { emoji: '' })).status).toBe(204);
  await got(ann, ({ attrs, message }) => attrs['edit'] === '7' && message.reactionMessage?.text === '');
  for (const instance of ['one', 'two']) {
    await heard(instance, 'message.reaction', id, ({ data }) => data.emoji === null);
    expect((await get(id, instance)).reactions).toEqual([]);
  }
  for (const emoji of ['no', '👍👍', '7'])
    expect((await call('PUT', `/${id}/reaction`, { emoji })).body.code).toBe('validation_failed');
});

it('a pin of ours and of the other side', async () => {
  const id = await send(ann, 'pin me');
  expect((await call('PUT', `/${id}/pin`, { on: true, seconds: 86_400 })).status).toBe(204);
  const pinned = await got(ann, ({ message }) => message.pinInChatMessage?.key?.id === id);
  expect(pinned.attrs['edit']).toBe('2');
  expect(pinned.message).toMatchObject({
    pinInChatMessage: { type: 1, key: { fromMe: true } },
    messageContextInfo: { messageAddOnDurationInSecs: 86_400 },
  });
  const until = Date.parse((await get(id)).pinnedUntil);
  expect(Math.abs(until - Date.now() - 86_400_000)).toBeLessThan(60_000);
  expect((await call('PUT', `/${id}/pin`, { on: false })).status).toBe(204);
  await got(ann, ({ message }) => message.pinInChatMessage?.type === 2);
  expect((await get(id)).pinnedUntil).toBe(null);

  const key = { id, fromMe: false, remoteJid: pn(phone) };
  await stage.sandbox.sendFrom(ann, phone, {
    pinInChatMessage: { key, type: 1, senderTimestampMs: 1 },
    messageContextInfo: { messageAddOnDurationInSecs: 2_592_000 },
  });
  await receive(ann, 'after the pin');
  expect(Date.parse((await get(id)).pinnedUntil)).toBeGreaterThan(until);
});

it('a star, on both devices', async () => {
  const id = await receive(ann, 'keep this');
  for (const on of [true, false]) {
    expect((await call('PUT', `/${id}/star`, { on })).status).toBe(204);
    expect((await get(id)).starred).toBe(on);
    await eventually(async () => (await get(id, 'two')).starred === on, `two: starred ${on}`);
  }
});

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

  it('of a file names the same file; without its key, or once viewed, it is refused', async () => {
    const file = {
      url: 'https://mmg.whatsapp.net/f',
      directPath: '/v/f',
      mimetype: 'image/png',
      fileSha256: Buffer.alloc(32, 1),
      fileEncSha256: Buffer.alloc(32, 2),
      fileLength: 10,
      caption: 'look',
    };
    const id = await receive(ann, { imageMessage: { ...file, mediaKey: Buffer.alloc(32, 3) } });
    const made = await call('POST', `/${id}/forward`, { to: ben });
    expect(made.body).toMatchObject({ type: 'image', text: 'look', media: { mimetype: 'image/png' } });
    const { message, attrs } = await got(ben, (one) => one.id === made.body.id);
    expect(attrs['type']).toBe('media');
    expect(message.imageMessage).toMatchObject({
      directPath: '/v/f',
      contextInfo: { isForwarded: true, forwardingScore: 1 },
    });
    expect(Buffer.from(message.imageMessage?.mediaKey ?? [])).toEqual(Buffer.alloc(32, 3));
    const keyless = await receive(ann, { imageMessage: file });
    const once = await receive(ann, {
      viewOnceMessageV2: { message: { imageMessage: { ...file, mediaKey: Buffer.alloc(32, 3) } } },
    });
    for (const refused of [keyless, once])
      expect(await call('POST', `/${refused}/forward`, { to: ben })).toMatchObject({
        status: 409,
        body: { code: 'conflict' },
      });
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

  async function inGroup(from: string, text: string): Promise<string> {
    const id = await stage.sandbox.contact(from).write(gid, text);
    await heard('one', 'message.received', id);
    return id;
  }

  beforeAll(async () => {
    const made = await stage.call('POST', `${base}/groups`, { subject: 'Cast', participants: [ann, eve] });
    gid = made.body.id;
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

  it('an administrator deletes what somebody else wrote; a member does not', async () => {
    const id = await inGroup(eve, 'spam');
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
    const { message, attrs } = await got(ann, (one) => one.message.protocolMessage?.key?.id === id);
    expect(attrs['edit']).toBe('8');
    expect(message.protocolMessage?.key).toMatchObject({
      remoteJid: gid,
      fromMe: false,
      participant: stage.sandbox.contact(eve).contact.lidJid,
    });
    expect(await heard('two', 'message.deleted', id)).toMatchObject({ for: 'everyone', fromMe: true });
    const theirs = stage.sandbox.contact(ann).createGroup('Theirs', [phone, eve]);
    const late = await stage.sandbox.contact(eve).write(theirs, 'not yours');
    await heard('one', 'message.received', late);
    expect(await call('DELETE', `/${late}`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('a star and a deletion for this account find the message of another member', async () => {
    const id = await inGroup(eve, 'gem');
    expect((await call('PUT', `/${id}/star`, { on: true })).status).toBe(204);
    await eventually(async () => (await get(id, 'two')).starred, 'the star on two');
    expect((await call('DELETE', `/${id}?for=me`)).status).toBe(204);
    await heard('two', 'message.deleted', id);
  });
});

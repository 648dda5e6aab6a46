/** What is done to messages over HTTP: what the other side gets of it, the account's other device, and the store. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../src/sandbox/contacts/received.ts';
import { SignalDevice } from '../../src/sandbox/signal/device.ts';
import { startTalk } from './support/talk.ts';

const talk = await startTalk();
afterAll(() => talk.stage.stop());
const { stage, phone, call, get, heard, eventually, got, send, receive } = talk;
const ann = '5511987657101';
const ben = '5511987657102';
const eve = '5511987657103';
const base = '/v1/instances/one';
const pn = (number: string): string => `${number}@s.whatsapp.net`;

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

describe('in a group', () => {
  let gid: string;

  const inGroup = (from: string, text: string): Promise<string> => talk.receiveIn(gid, from, text);

  beforeAll(async () => {
    gid = await talk.createGroup([ann, eve]);
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

describe('once and durably', () => {
  it('the same idempotency key reacts once', async () => {
    const id = await receive(ann, 'once');
    const key = { 'idempotency-key': 'reaction-1' };
    const path = `${base}/messages/${id}/reaction`;
    const react = () => stage.call('PUT', path, { emoji: '🎉' }, key);
    const answers = [...(await Promise.all([react(), react()])), await react()];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    await call('PUT', `/${id}/reaction`, { emoji: '🙂' });
    await got(ann, ({ message }) => message.reactionMessage?.text === '🙂');
    const party = ({ message }: ReceivedMessage) => message.reactionMessage?.text === '🎉';
    expect(stage.sandbox.receivedBy(ann).filter(party)).toHaveLength(1);
  });

  it('what is done while the connection is made again is sent then, once', async () => {
    const id = await send(ann, 'before the break');
    const reconnects = (await stage.call('GET', base)).body.reconnects;
    stage.sandbox.dropConnections(phone);
    await stage.until(
      () => stage.gateway.commands.getInstance('one')?.status.state === 'reconnecting',
      'the break',
    );
    const edited = await call('PATCH', `/${id}`, { text: 'after the break' });
    expect(edited).toMatchObject({ status: 200, body: { text: 'after the break' } });
    expect((await stage.call('GET', base)).body.reconnects).toBeGreaterThan(reconnects);
    const isIt = (one: ReceivedMessage): boolean => one.message.protocolMessage?.key?.id === id;
    await got(ann, isIt);
    expect(stage.sandbox.receivedBy(ann).filter(isIt)).toHaveLength(1);
  });

  it('a contact that cannot decrypt a change, or a setting, asks again and gets it', async () => {
    await receive(ann, 'so that the session is settled');
    const id = await send(ann, 'hard to read');
    const { contact } = stage.sandbox.contact(ann);
    const forget = (): void => {
      contact.device = new SignalDevice(contact.device.keys);
    };
    const retries = (): number => stage.sandbox.stats().total.retriesOut;
    const before = retries();
    forget();
    expect((await call('PUT', `/${id}/reaction`, { emoji: '🔑' })).status).toBe(204);
    await got(ann, ({ message }) => message.reactionMessage?.text === '🔑');
    expect(retries()).toBeGreaterThan(before);
    await receive(ann, 'settled again');
    const asked = retries();
    forget();
    await stage.call('PATCH', `${base}/chats/${ann}`, { ephemeralSeconds: 86_400 });
    await got(
      ann,
      ({ message }) => message.ephemeralMessage?.message?.protocolMessage?.ephemeralExpiration === 86_400,
    );
    expect(retries()).toBeGreaterThan(asked);
  });
});

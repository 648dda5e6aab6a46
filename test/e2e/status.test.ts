/** Status posts: who is named sees them, from status@broadcast, and nobody else. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { proto } from '../../src/sandbox/wire/proto.ts';
import { isFfmpegMissing, makeWithFfmpeg } from '../support/ffmpeg.ts';
import { type Answer, adminKey, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let friend: string;
const ann = '5511987658001';
const ben = '5511987658002';
const reader = '5511955557001';
const nobody = '5511987650000';
const base = '/v1/instances/theatre';

beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off' });
  ({ phone } = await stage.openInstance('theatre'));
  await stage.openInstance('second', phone);
  ({ phone: friend } = await stage.openInstance('friend'));
  await stage.openInstance('stranger');
});
afterAll(() => stage.stop());

const post = (body: object, headers = {}): Promise<Answer> =>
  stage.call('POST', `${base}/status`, { type: 'text', audience: [ann, friend], ...body }, headers);
const seenBy = (contact: string, id: string): proto.IMessage | undefined =>
  stage.sandbox.receivedBy(contact).find((received) => received.id === id)?.message;
const told = (instance: string, fits: (event: ReceivedEvent) => boolean, what: string) =>
  stage.hook.next(({ event }) => event.instance === instance && fits(event), what);

it('text with its looks reaches the audience and the account’s own devices, and nobody else', async () => {
  const looks = { background: '#7a1f3d', font: 'courier_prime' };
  const made = await post({ text: 'Tonight at 8', wait: 'delivered', ...looks });
  expect(made).toMatchObject({
    status: 201,
    body: { type: 'text', text: 'Tonight at 8', chat: { jid: 'status@broadcast' }, fromMe: true },
  });
  expect(['delivered', 'read']).toContain(made.body.status);
  const { id } = made.body;
  expect(seenBy(ann, id)?.extendedTextMessage).toMatchObject({
    ...{ text: 'Tonight at 8', backgroundArgb: 0xff7a1f3d, textArgb: 0xffffffff, font: 10 },
  });
  const friendSees = await told(
    'friend',
    (e) => e.type === 'message.received' && e.data.id === id,
    'the friend sees it',
  );
  expect(friendSees.event.data).toMatchObject({
    ...{ chat: { jid: 'status@broadcast' }, text: 'Tonight at 8' },
    from: { lid: stage.sandbox.world.accounts.find(phone)?.lidJid, pn: `${phone}@s.whatsapp.net` },
  });
  await told('second', (e) => e.type === 'message.sent' && e.data.id === id, 'the other device shows it');
  const after = await post({ text: 'for ben', audience: [ben], wait: 'delivered' });
  expect(seenBy(ben, after.body.id)?.extendedTextMessage?.text).toBe('for ben');
  expect(seenBy(ben, id)).toBeUndefined();
  expect(seenBy(ann, after.body.id)).toBeUndefined();
  const heardByStranger = stage.hook.of('message.received').filter((e) => e.instance === 'stranger');
  expect(heardByStranger).toEqual([]);
});

it('tells who saw it', async () => {
  const made = await post({ text: 'Who is there?', audience: [reader] });
  const viewed = await told(
    'theatre',
    (e) => e.type === 'message.status' && e.data.id === made.body.id && e.data.status === 'read',
    'the view',
  );
  expect(viewed.event.data).toMatchObject({
    chat: { jid: 'status@broadcast' },
    participant: { pn: `${reader}@s.whatsapp.net` },
  });
  const kept = await stage.call('GET', `${base}/messages/${made.body.id}`);
  expect(kept.body).toMatchObject({ status: 'read', text: 'Who is there?' });
});

it('pictures, by base64 and multipart', async () => {
  const picture = await sharp({ create: { width: 320, height: 200, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer();
  const base64 = picture.toString('base64');
  const made = await post({ type: 'image', media: { base64 }, caption: 'The set', wait: 'delivered' });
  const message = seenBy(ann, made.body.id) ?? {};
  expect(message.imageMessage).toMatchObject({ caption: 'The set', width: 320, height: 200 });
  expect(stage.sandbox.fileOf(message)?.equals(picture)).toBe(true);
  const form = new FormData();
  form.set('json', JSON.stringify({ type: 'image', audience: [ann], wait: 'delivered' }));
  form.set('file', new Blob([new Uint8Array(picture)], { type: 'image/jpeg' }), 'set.jpg');
  const headers = { authorization: `Bearer ${adminKey}` };
  const response = await fetch(`${stage.gateway.url}${base}/status`, { method: 'POST', headers, body: form });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  expect(stage.sandbox.fileOf(seenBy(ann, id) ?? {})?.equals(picture)).toBe(true);
});

it.skipIf(isFfmpegMissing)('videos, voice and audio (needs ffmpeg)', async () => {
  const [mp4, wav] = [join(stage.dir, 'a.mp4'), join(stage.dir, 'a.wav')];
  const sources = ['-f', 'lavfi', '-i', 'testsrc=duration=1:size=160x120:rate=10'];
  makeWithFfmpeg([...sources, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'], mp4);
  makeWithFfmpeg(['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1'], wav);
  const send = async (type: string, path: string): Promise<proto.IMessage> => {
    const media = { base64: readFileSync(path).toString('base64') };
    const made = await post({ type, media, audience: [ann], wait: 'delivered' });
    expect(made).toMatchObject({ status: 201, body: { type, error: null } });
    return seenBy(ann, made.body.id) ?? {};
  };
  expect((await send('video', mp4)).videoMessage).toMatchObject({ seconds: 1, width: 160 });
  const voice = { ptt: true, mimetype: 'audio/ogg; codecs=opus' };
  expect((await send('voice', wav)).audioMessage).toMatchObject(voice);
  expect((await send('audio', wav)).audioMessage).toMatchObject({ ptt: false, mimetype: 'audio/wav' });
});

it('is posted once under its key, and after a closed line', async () => {
  const key = { 'idempotency-key': 'tonight' };
  const first = await post({ text: 'once' }, key);
  const again = await post({ text: 'once' }, key);
  expect([again.body.id, again.headers.get('idempotency-replayed')]).toEqual([first.body.id, 'true']);
  stage.sandbox.faults.door('refuse', 1_000);
  stage.sandbox.faults.close('drop', phone);
  await stage.untilState('theatre', 'reconnecting');
  const late = await post({ text: 'late', audience: [ben], wait: 'delivered' });
  expect(late.status).toBe(201);
  expect(seenBy(ben, late.body.id)?.extendedTextMessage?.text).toBe('late');
  const sent = stage.sandbox.ledger({ direction: 'fromAccount', kind: 'message', id: late.body.id });
  expect(sent).toHaveLength(1);
});

it('leaves out who is not on WhatsApp, and refuses what nobody would see', async () => {
  const made = await post({ text: 'partly', audience: [nobody, ann], wait: 'delivered' });
  expect(made.status).toBe(201);
  expect(seenBy(ann, made.body.id)).toBeDefined();
  const refusals: [object, number, string][] = [
    [{ text: 'x', audience: [nobody] }, 404, 'not_on_whatsapp'],
    [{ text: 'x', audience: [] }, 400, 'validation_failed'],
    [{ text: 'x', audience: ['nobody'] }, 400, 'validation_failed'],
    [{ text: 'x'.repeat(701) }, 400, 'validation_failed'],
    [{ text: 'x', background: 'red' }, 400, 'validation_failed'],
    [{ type: 'image' }, 400, 'validation_failed'],
    [{ type: 'image', media: { base64: 'AAAAAAAA' } }, 422, 'conversion_failed'],
    [{ type: 'sticker', media: { base64: 'AAAAAAAA' } }, 400, 'validation_failed'],
  ];
  for (const [body, status, code] of refusals)
    expect(await post(body)).toMatchObject({ status, body: { code } });
  for (const to of ['status@broadcast', '123456@broadcast']) {
    const sent = await stage.call('POST', `${base}/messages`, { to, type: 'text', text: 'x' });
    expect(sent).toMatchObject({ status: 400, body: { errors: [{ path: 'to' }] } });
  }
});

it('is taken back from its audience, and from nobody else', async () => {
  const made = await post({ text: 'Sold out', wait: 'delivered' });
  const { id } = made.body;
  await told('friend', (e) => e.type === 'message.received' && e.data.id === id, 'the friend sees it');
  const path = `${base}/messages/${id}`;
  expect((await stage.call('DELETE', path)).status).toBe(204);
  const gone = await told('friend', (e) => e.type === 'message.deleted' && e.data.id === id, 'it is gone');
  expect(gone.event.data).toMatchObject({ chat: { jid: 'status@broadcast' } });
  const revocations = (contact: string) =>
    stage.sandbox
      .receivedBy(contact)
      .filter(
        ({ message }) => message.protocolMessage?.key?.id === id && message.protocolMessage?.type === 0,
      );
  await stage.until(() => revocations(ann).length === 1, 'the contact deletes it');
  expect(revocations(ann)[0]?.message.protocolMessage?.key?.remoteJid).toBe('status@broadcast');
  expect(revocations(ben)).toEqual([]);
  expect((await stage.call('GET', path)).body).toMatchObject({ text: null, deletedAt: expect.any(String) });
  const edited = await stage.call('PATCH', `${base}/messages/${made.body.id}`, { text: 'x' });
  expect(edited.status).toBe(409);
  const other = await post({ text: 'No edits' });
  const refused = await stage.call('PATCH', `${base}/messages/${other.body.id}`, { text: 'x' });
  expect(refused).toMatchObject({ status: 501, body: { code: 'not_supported' } });
});

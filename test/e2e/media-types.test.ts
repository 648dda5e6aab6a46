/** Every type of message over HTTP, as the contact's app decrypts it: bytes, types, captions, waveforms. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { proto } from '../../src/sandbox/wire/proto.ts';
import { isFfmpegMissing, makeWithFfmpeg } from '../support/ffmpeg.ts';
import { type Answer, adminKey, type Stage, startStage } from './support/stage.ts';

const contact = '5511987658001';
const path = '/v1/instances/sales/messages';
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const noisy = (width: number, height: number): Promise<Buffer> =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#336699',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  })
    .jpeg()
    .toBuffer();

let stage: Stage;
let files: Server;
let filesUrl: string;
const served = new Map<string, { type: string; body: Buffer | string; location?: string }>();

beforeAll(async () => {
  stage = await startStage({ MEDIA_DENY_PRIVATE: 'false' });
  await stage.openInstance('sales');
  files = createServer((request, response) => {
    const found = served.get(request.url ?? '');
    if (!found) return void response.writeHead(404).end();
    const headers = { 'content-type': found.type, ...(found.location ? { location: found.location } : {}) };
    response.writeHead(found.location ? 302 : 200, headers).end(found.body);
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await stage.stop();
  files.closeAllConnections();
  await new Promise((resolve) => files.close(resolve));
});

const send = (body: Record<string, unknown>): Promise<Answer> =>
  stage.call('POST', path, { to: contact, wait: 'delivered', ...body });

async function sendForm(json: unknown, file: Buffer, type: string, name: string): Promise<Answer> {
  const form = new FormData();
  form.set('json', JSON.stringify(json));
  form.set('file', new Blob([new Uint8Array(file)], { type }), name);
  const response = await fetch(`${stage.gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}` },
    body: form,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

function received(answer: Answer): proto.IMessage {
  expect(answer.body).toMatchObject({ error: null });
  expect(answer.status).toBe(201);
  const found = stage.sandbox.receivedBy(contact).find(({ id }) => id === answer.body.id);
  if (!found) throw new Error(`the contact did not receive ${answer.body.id}`);
  return found.message;
}

/** Nothing of a finished request lies around. */
async function leftovers(): Promise<string[]> {
  const data = join(stage.dir, 'data');
  const below = (folder: string): Promise<string[]> =>
    readdir(join(data, folder), { recursive: true, withFileTypes: true }).then(
      (entries) => entries.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`),
      () => [],
    );
  return [...(await below('tmp')), ...(await below('outgoing'))];
}

describe('messages with a file', () => {
  it('image by multipart: bytes, caption, size, thumbnail, mentions', async () => {
    const picture = await noisy(640, 480);
    const json = {
      to: contact,
      type: 'image',
      caption: 'look @1',
      mentions: ['5511900000001'],
      wait: 'delivered',
    };
    const answer = await sendForm(json, picture, 'image/jpeg', 'a.jpg');
    const message = received(answer);
    expect(sha(stage.sandbox.fileOf(message) ?? Buffer.alloc(0))).toBe(sha(picture));
    expect(message.imageMessage).toMatchObject({
      caption: 'look @1',
      mimetype: 'image/jpeg',
      width: 640,
      height: 480,
    });
    expect(message.imageMessage?.contextInfo?.mentionedJid).toEqual(['5511900000001@s.whatsapp.net']);
    expect(message.imageMessage?.jpegThumbnail?.length).toBeGreaterThan(100);
    expect(answer.body).toMatchObject({
      type: 'image',
      text: 'look @1',
      media: { size: picture.length, sha256: sha(picture) },
    });
    await stage.until(() => true, '');
    expect(await leftovers()).toEqual([]);
  });

  // Some senders name the JSON as well (`curl -F json=@body.json`, a Blob in a form): it was taken for a second file.
  it('takes the part "json" with a file name', async () => {
    const form = new FormData();
    const json = { to: contact, type: 'document', wait: 'delivered' };
    form.set('json', new Blob([JSON.stringify(json)], { type: 'application/json' }), 'body.json');
    form.set('file', new Blob(['act 1'], { type: 'text/plain' }), 'act.txt');
    const response = await fetch(`${stage.gateway.url}${path}`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${adminKey}` }, body: form },
    });
    const answer = { status: response.status, headers: response.headers, body: await response.json() };
    const message = received(answer);
    expect(message.documentMessage).toMatchObject({ fileName: 'act.txt', mimetype: 'text/plain' });
    expect(stage.sandbox.fileOf(message)?.toString()).toBe('act 1');
  });

  it('image by base64 of any size, small and above what the main thread parses, and view once', async () => {
    for (const [width, height] of [
      [64, 48],
      [1600, 1200],
    ] as const) {
      const picture = await noisy(width, height);
      const base64 = `data:image/jpeg;base64,${picture.toString('base64')}`;
      const message = received(await send({ type: 'image', media: { base64 }, viewOnce: true }));
      const inner = message.viewOnceMessageV2?.message?.imageMessage;
      expect(inner).toMatchObject({ viewOnce: true, width, height });
      expect(sha(stage.sandbox.fileOf(message) ?? Buffer.alloc(0))).toBe(sha(picture));
    }
    expect(await leftovers()).toEqual([]);
  });

  it('document by URL behind a redirect, with its name, and with a caption', async () => {
    const body = Buffer.alloc(300_000, 'curtain ');
    served.set('/moved', { type: 'text/plain', body: '', location: '/deep/play.txt' });
    served.set('/deep/play.txt', { type: 'text/plain; charset=utf-8', body });
    const message = received(await send({ type: 'document', media: { url: `${filesUrl}/moved` } }));
    expect(message.documentMessage).toMatchObject({ fileName: 'play.txt', mimetype: 'text/plain' });
    expect(sha(stage.sandbox.fileOf(message) ?? Buffer.alloc(0))).toBe(sha(body));
    const named = {
      type: 'document',
      media: { url: `${filesUrl}/moved` },
      filename: 'other.bin',
      caption: 'act 1',
    };
    const captioned = received(await send({ ...named, mimetype: 'application/x-play' }));
    expect(captioned.documentWithCaptionMessage?.message?.documentMessage).toMatchObject({
      ...{ caption: 'act 1', fileName: 'other.bin', mimetype: 'application/x-play' },
    });
  });

  it('sticker from a picture: WebP of 512 × 512', async () => {
    const message = received(
      await sendForm(
        { to: contact, type: 'sticker', wait: 'delivered' },
        await noisy(300, 200),
        'image/jpeg',
        's.jpg',
      ),
    );
    const file = stage.sandbox.fileOf(message);
    expect(message.stickerMessage).toMatchObject({ mimetype: 'image/webp', isAnimated: false });
    expect(await sharp(file ?? Buffer.alloc(0)).metadata()).toMatchObject({
      format: 'webp',
      width: 512,
      height: 512,
    });
  });

  it.skipIf(isFfmpegMissing)('voice from a WAV: Opus, seconds, a waveform of 64 (needs ffmpeg)', async () => {
    const wav = join(stage.dir, 'a.wav');
    makeWithFfmpeg(['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3'], wav);
    const message = received(
      await sendForm(
        { to: contact, type: 'voice', wait: 'delivered' },
        readFileSync(wav),
        'audio/wav',
        'a.wav',
      ),
    );
    expect(message.audioMessage).toMatchObject({ ptt: true, mimetype: 'audio/ogg; codecs=opus', seconds: 3 });
    expect(message.audioMessage?.waveform).toHaveLength(64);
    expect(Math.max(...(message.audioMessage?.waveform ?? []))).toBeGreaterThan(50);
    expect(stage.sandbox.fileOf(message)?.toString('latin1', 0, 4)).toBe('OggS');
    const audio = received(
      await sendForm(
        { to: contact, type: 'audio', wait: 'delivered' },
        readFileSync(wav),
        'audio/wav',
        'a.wav',
      ),
    );
    expect(audio.audioMessage).toMatchObject({ ptt: false, mimetype: 'audio/wav', seconds: 3 });
  });

  it.skipIf(isFfmpegMissing)(
    'video, video note and an animated sticker from an MP4 (needs ffmpeg)',
    async () => {
      const file = join(stage.dir, 'a.mp4');
      const sources = [
        '-f',
        'lavfi',
        '-i',
        'testsrc=duration=2:size=320x240:rate=10',
        '-f',
        'lavfi',
        '-i',
        'sine=duration=2',
      ];
      makeWithFfmpeg([...sources, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac'], file);
      const mp4 = readFileSync(file);
      const video = received(
        await sendForm(
          { to: contact, type: 'video', caption: 'v', wait: 'delivered' },
          mp4,
          'video/mp4',
          'a.mp4',
        ),
      );
      expect(video.videoMessage).toMatchObject({
        caption: 'v',
        seconds: 2,
        width: 320,
        height: 240,
        mimetype: 'video/mp4',
      });
      expect(video.videoMessage?.jpegThumbnail?.length).toBeGreaterThan(100);
      expect(sha(stage.sandbox.fileOf(video) ?? Buffer.alloc(0))).toBe(sha(mp4));
      const note = received(
        await sendForm({ to: contact, type: 'video_note', wait: 'delivered' }, mp4, 'video/mp4', 'a.mp4'),
      );
      expect(note.ptvMessage).toMatchObject({ seconds: 2 });
      const sticker = received(
        await sendForm({ to: contact, type: 'sticker', wait: 'delivered' }, mp4, 'video/mp4', 'a.mp4'),
      );
      expect(sticker.stickerMessage).toMatchObject({ isAnimated: true, mimetype: 'image/webp' });
      const made = await sharp(stage.sandbox.fileOf(sticker) ?? Buffer.alloc(0), {
        animated: true,
      }).metadata();
      expect(made).toMatchObject({ format: 'webp', width: 512, pageHeight: 512 });
      expect(made.pages).toBeGreaterThan(5);
    },
  );

  it('says what is wrong, and leaves nothing behind', async () => {
    const picture = await noisy(64, 48);
    const text = Buffer.from('no picture at all');
    expect(await sendForm({ to: contact, type: 'image' }, text, 'image/png', 'x.png')).toMatchObject({
      status: 422,
      body: { code: 'conversion_failed' },
    });
    expect(await sendForm({ to: contact, type: 'video' }, picture, 'video/mp4', 'x.mp4')).toMatchObject({
      status: 422,
    });
    expect(await send({ type: 'image' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'media' }] },
    });
    expect(await send({ type: 'image', media: { base64: '***' } })).toMatchObject({ status: 400 });
    expect(await send({ type: 'image', media: { url: `${filesUrl}/none` } })).toMatchObject({ status: 400 });
    expect(await send({ type: 'image', media: { url: 'http://169.254.169.254/latest' } })).toMatchObject({
      status: 400,
    });
    expect(await send({ type: 'audio', caption: 'x', media: { base64: 'AAAA' } })).toMatchObject({
      status: 400,
    });
    expect(await send({ type: 'list' })).toMatchObject({ status: 501, body: { code: 'not_supported' } });
    const wrongOrder = new FormData();
    wrongOrder.set('file', new Blob([new Uint8Array(picture)]), 'a.jpg');
    wrongOrder.set('json', '{}');
    const refused = await fetch(`${stage.gateway.url}${path}`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${adminKey}` }, body: wrongOrder },
    });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ errors: [{ path: 'json' }] });
    expect(await leftovers()).toEqual([]);
  });

  it('the same key with another file is refused, with the same one replayed', async () => {
    const [one, two] = [await noisy(64, 48), await noisy(65, 48)];
    const keyed = (file: Buffer) => {
      const form = new FormData();
      form.set('json', JSON.stringify({ to: contact, type: 'image' }));
      form.set('file', new Blob([new Uint8Array(file)], { type: 'image/jpeg' }), 'a.jpg');
      return fetch(`${stage.gateway.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'idempotency-key': 'picture-1' },
        body: form,
      });
    };
    const first = await keyed(one);
    expect(first.status).toBe(201);
    const again = await keyed(one);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
    expect((await keyed(two)).status).toBe(422);
    expect(await leftovers()).toEqual([]);
  });
});

describe('the file of a message', () => {
  const download = (id: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${stage.gateway.url}${path}/${id}/media`, {
      headers: { authorization: `Bearer ${adminKey}`, ...headers },
    });

  it('comes back decrypted, whole and in part, with its name and type', async () => {
    const file = Buffer.alloc(400_001, 'curtain ');
    const sent = await sendForm({ to: contact, type: 'document' }, file, 'text/plain', 'peça.txt');
    const whole = await download(sent.body.id);
    expect(whole.status).toBe(200);
    expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true);
    expect(whole.headers.get('content-length')).toBe(String(file.length));
    expect(whole.headers.get('content-type')).toBe('text/plain');
    expect(whole.headers.get('content-disposition')).toContain("filename*=UTF-8''pe%C3%A7a.txt");
    const part = await download(sent.body.id, { range: 'bytes=10-19' });
    expect([part.status, await part.text()]).toEqual([206, file.subarray(10, 20).toString()]);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/400001');
    expect((await download(sent.body.id, { range: 'bytes=400001-' })).status).toBe(416);
    expect((await download('NONE')).status).toBe(404);
    const text = await send({ type: 'text', text: 'no file' });
    expect((await download(text.body.id)).status).toBe(404);
    const end = Date.now() + 10_000;
    while ((await leftovers()).length > 0 && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await leftovers()).toEqual([]);
  });

  it('that was changed on the way is refused', async () => {
    const sent = await sendForm(
      { to: contact, type: 'document' },
      Buffer.alloc(5_000, 'x'),
      'text/plain',
      'x.txt',
    );
    const stored = stage.sandbox.receivedBy(contact).find(({ id }) => id === sent.body.id);
    const bytes = stage.sandbox.world.media.find(stored?.message.documentMessage?.directPath ?? '');
    bytes?.writeUInt8(1, 100);
    const answer = await download(sent.body.id);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ code: 'whatsapp_rejected' });
  });
});

describe('messages without a file', () => {
  it('location, contact, poll and event', async () => {
    const at = { latitude: -23.5, longitude: -46.6, name: 'Sé', address: 'Praça da Sé' };
    const location = received(await send({ type: 'location', ...at }));
    expect(location.locationMessage).toMatchObject({
      degreesLatitude: -23.5,
      degreesLongitude: -46.6,
      name: 'Sé',
    });
    const contacts = [{ name: 'Ana, Maria', phones: ['+55 11 98888-7777'] }];
    const card = received(await send({ type: 'contact', contacts }));
    expect(card.contactMessage?.vcard).toContain('waid=5511988887777:+5511988887777');
    expect(card.contactMessage?.vcard).toContain('FN:Ana\\, Maria');
    const poll = received(await send({ type: 'poll', question: 'when?', options: ['now', 'later'] }));
    expect(poll.pollCreationMessageV3).toMatchObject({ name: 'when?', selectableOptionsCount: 1 });
    expect(poll.messageContextInfo?.messageSecret).toHaveLength(32);
    const event = received(
      await send({ type: 'event', name: 'première', startAt: '2027-01-01T20:00:00.000Z', location: at }),
    );
    expect(event.eventMessage).toMatchObject({ name: 'première', location: { name: 'Sé' } });
    expect(Number(event.eventMessage?.startTime)).toBe(Date.parse('2027-01-01T20:00:00.000Z') / 1_000);
  });

  it('text with the preview of its link', async () => {
    served.set('/page', {
      type: 'text/html',
      body: `<html><head><meta property="og:title" content="The play &amp; more"><meta name=description content='in three acts'><meta property="og:image" content="/p.jpg"></head></html>`,
    });
    served.set('/p.jpg', { type: 'image/jpeg', body: await noisy(200, 100) });
    const text = `see ${filesUrl}/page.`;
    const message = received(await send({ type: 'text', text, linkPreview: true }));
    expect(message.extendedTextMessage).toMatchObject({
      ...{ text, title: 'The play & more', description: 'in three acts', matchedText: `${filesUrl}/page` },
    });
    expect(message.extendedTextMessage?.jpegThumbnail?.length).toBeGreaterThan(100);
    const without = received(await send({ type: 'text', text: `${filesUrl}/gone`, linkPreview: true }));
    expect(without.extendedTextMessage?.title).toBeFalsy();
  });
});

/**
 * Files that contacts send: every type comes back over HTTP byte by byte; what WhatsApp's host has no more is asked
 * of the phone again, and its refusals are told.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MediaAbout, mediaMessage } from '../../src/sandbox/contacts/send-media.ts';
import type { MediaKind } from '../../src/sandbox/media/parts.ts';
import { adminKey, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

const contact = '5511987658002';
let stage: Stage;
let phone: string;

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
});
afterEach(() => stage.sandbox.faults.clear());
afterAll(() => stage.stop());

async function arrives(
  kind: MediaKind,
  file: Buffer,
  about: MediaAbout,
  to = phone,
): Promise<ReceivedEvent['data']> {
  const message = mediaMessage(stage.sandbox.world, kind, file, about);
  const id = await stage.sandbox.sendFrom(contact, to, message);
  const wanted = ({ event }: { event: ReceivedEvent }): boolean =>
    event.type === 'message.received' && event.data.id === id;
  return (await stage.hook.next(wanted, `the message ${id}`)).event.data;
}

const download = (id: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${stage.gateway.url}/v1/instances/sales/messages/${id}/media`, {
    headers: { authorization: `Bearer ${adminKey}`, ...headers },
  });
const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());

const types: readonly [type: string, kind: MediaKind, bytes: number, about: MediaAbout][] = [
  ['image', 'image', 150_001, { mimetype: 'image/jpeg', caption: 'look' }],
  ['video', 'video', 1_500_000, { mimetype: 'video/mp4', caption: 'watch' }],
  ['video_note', 'video', 16, { mimetype: 'video/mp4', isNote: true }],
  ['audio', 'audio', 65_536, { mimetype: 'audio/mpeg' }],
  ['voice', 'audio', 15, { mimetype: 'audio/ogg; codecs=opus', isVoice: true }],
  ['document', 'document', 700_000, { mimetype: 'application/pdf', fileName: 'peça "1".pdf' }],
  ['sticker', 'sticker', 30_000, { mimetype: 'image/webp' }],
];

describe('the file of a message that came in', () => {
  it.each(types)('%s: byte by byte, with its headers and its parts', async (type, kind, bytes, about) => {
    const file = randomBytes(bytes);
    const { id, media, text, ...told } = await arrives(kind, file, about);
    expect({ type: told.type, text }).toEqual({ type, text: about.caption ?? null });
    expect(media).toMatchObject({
      ...{ mimetype: about.mimetype, size: bytes, filename: about.fileName ?? null },
    });
    const whole = await download(id);
    expect(whole.status).toBe(200);
    expect((await bytesOf(whole)).equals(file)).toBe(true);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': about.mimetype,
      'content-length': String(bytes),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-disposition': about.fileName
        ? `attachment; filename="pe_a _1_.pdf"; filename*=UTF-8''pe%C3%A7a%20%221%22.pdf`
        : 'inline',
    });
    const end = await download(id, { range: 'bytes=-7' });
    expect([end.status, (await bytesOf(end)).equals(file.subarray(-7))]).toEqual([206, true]);
    expect(end.headers.get('content-range')).toBe(`bytes ${bytes - 7}-${bytes - 1}/${bytes}`);
    expect((await download(id, { range: `bytes=${bytes}-` })).status).toBe(416);
  });

  it('from a group, told apart by its chat', async () => {
    const group = stage.sandbox.contact(contact).createGroup('Actors', [phone]);
    const file = randomBytes(5_000);
    const { id } = await arrives('document', file, { mimetype: 'text/plain', fileName: 'a.txt' }, group);
    const answer = await download(`${id}`);
    expect((await bytesOf(answer)).equals(file)).toBe(true);
    const elsewhere = await fetch(
      `${stage.gateway.url}/v1/instances/sales/messages/${id}/media?chat=${contact}`,
      { headers: { authorization: `Bearer ${adminKey}` } },
    );
    expect(elsewhere.status).toBe(404);
  });
});

/** A document of which the media host says `status` from now on. */
async function expired(status: 403 | 404 | 410, bytes = 40_000): Promise<{ id: string; file: Buffer }> {
  const file = randomBytes(bytes);
  const { id } = await arrives('document', file, { mimetype: 'text/plain', fileName: 'gone.txt' });
  const message = stage.sandbox.messageTo(phone, id);
  expect(message && stage.sandbox.faults.expireMedia(message, status)).toBe(true);
  return { id, file };
}

describe('a file that WhatsApp has no more', () => {
  it.each([403, 404, 410] as const)(
    '(%i) is uploaded by the phone again, and asked for once',
    async (status) => {
      const { id, file } = await expired(status);
      const { media } = stage.sandbox.world;
      const before = media.retries;
      const first = await download(id);
      expect(first.status).toBe(200);
      expect((await bytesOf(first)).equals(file)).toBe(true);
      expect((await bytesOf(await download(id))).equals(file)).toBe(true);
      expect(media.retries - before).toBe(1);
    },
  );

  it('that this gateway sent comes back in the same way', async () => {
    const file = randomBytes(20_000);
    const sent = await stage.call('POST', '/v1/instances/sales/messages', {
      ...{ to: contact, type: 'document', wait: 'delivered', media: { base64: file.toString('base64') } },
    });
    const received = stage.sandbox.receivedBy(contact).find(({ id }) => id === sent.body.id);
    expect(stage.sandbox.faults.expireMedia(received?.message ?? {}, 404)).toBe(true);
    expect((await bytesOf(await download(sent.body.id))).equals(file)).toBe(true);
  });

  it('says so where the phone has it no more, cannot upload it, or is off', async () => {
    const { faults, world } = stage.sandbox;
    const { id } = await expired(410);
    const asked = world.media.retries;
    faults.phones('off');
    const unanswered = download(id);
    await stage.until(() => world.media.retries > asked, 'the phone is asked');
    for (const [mode, status, code] of [
      ['missing', 404, 'not_found'],
      ['failing', 502, 'whatsapp_rejected'],
    ] as const) {
      const other = await expired(404);
      faults.phones(mode);
      const answer = await download(other.id);
      expect([mode, answer.status, await answer.json()]).toMatchObject([
        ...[mode, status],
        { code, detail: expect.stringContaining('the phone') },
      ]);
      faults.phones('uploads');
      expect((await bytesOf(await download(other.id))).equals(other.file)).toBe(true);
    }
    const late = await unanswered;
    expect([late.status, await late.json()]).toMatchObject([504, { code: 'timeout' }]);
  });
});

/** Pictures of profile and groups: converted from anything, kept by WhatsApp's side, told to the others. */
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, adminKey, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let friend: string;
let gid: string;
const own = '/v1/instances/sales/profile/picture';

beforeAll(async () => {
  stage = await startStage({ MEDIA_DENY_PRIVATE: 'false' });
  ({ phone } = await stage.openInstance('sales'));
  await stage.openInstance('second', phone);
  ({ phone: friend } = await stage.openInstance('friend'));
  const made = await stage.call('POST', '/v1/instances/sales/groups', {
    subject: 'Cast',
    participants: [friend],
  });
  gid = made.body.id;
});
afterAll(() => stage.stop());

/** Left half red, right half blue. */
const wide = (): Promise<Buffer> =>
  sharp({ create: { width: 900, height: 300, channels: 3, background: '#ff0000' } })
    .composite([
      {
        input: { create: { width: 450, height: 300, channels: 3, background: '#0000ff' } },
        gravity: 'east',
      },
    ])
    .png()
    .toBuffer();

async function upload(path: string, parts: Record<string, string | Blob>): Promise<Answer> {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) form.set(name, part);
  const headers = { authorization: `Bearer ${adminKey}` };
  const response = await fetch(`${stage.gateway.url}${path}`, { method: 'PUT', headers, body: form });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

/** What WhatsApp's side has of `owner`, a number or a group. */
function kept(owner: string): Buffer | null {
  const picture = stage.sandbox.world.pictures.find(owner);
  return picture && stage.sandbox.world.media.find(picture.path);
}

const told = (instance: string, type: string, fits: (event: ReceivedEvent) => boolean) =>
  stage.hook.next(
    ({ event }) => event.instance === instance && event.type === type && fits(event),
    `${type} at ${instance}`,
  );

const fileOf = (picture: Buffer): Blob => new Blob([new Uint8Array(picture)], { type: 'image/png' });

it('makes the middle of any picture a square JPEG of 640, for all devices of the account', async () => {
  expect((await upload(own, { file: fileOf(await wide()) })).status).toBe(204);
  const picture = kept(phone) ?? Buffer.alloc(0);
  expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 640 });
  const [red, blue] = [
    await sharp(picture).extract({ left: 20, top: 300, width: 1, height: 1 }).raw().toBuffer(),
    await sharp(picture).extract({ left: 620, top: 300, width: 1, height: 1 }).raw().toBuffer(),
  ];
  expect([(red[0] ?? 0) > 200, (blue[2] ?? 0) > 200]).toEqual([true, true]);
  const shown = await stage.call('GET', '/v1/instances/sales/profile');
  expect(shown.body.picture).toBe(stage.sandbox.world.pictures.find(phone)?.url);
  const isOwn = ({ data }: ReceivedEvent): boolean =>
    data.picture === 'changed' && data.contact.pn === `${phone}@s.whatsapp.net`;
  await told('second', 'contact.updated', isOwn);
  expect((await stage.call('DELETE', own)).status).toBe(204);
  expect(stage.sandbox.world.pictures.find(phone)).toBeNull();
  expect((await stage.call('GET', '/v1/instances/sales/profile')).body.picture).toBeNull();
});

it('takes it as base64 of any size, by URL, and as a part beside `json`', async () => {
  const small = await wide();
  const large = await sharp(Buffer.alloc(700 * 700 * 3, 'noise of a picture, '), {
    raw: { width: 700, height: 700, channels: 3 },
  })
    .png({ compressionLevel: 0 })
    .toBuffer();
  for (const picture of [small, large]) {
    const set = await stage.call('PUT', own, { media: { base64: picture.toString('base64') } });
    expect(set.status).toBe(204);
    expect(await sharp(kept(phone) ?? Buffer.alloc(0)).metadata()).toMatchObject({ width: 640, height: 640 });
    expect((await stage.call('DELETE', own)).status).toBe(204);
  }
  expect((await upload(own, { json: '{}', file: fileOf(small) })).status).toBe(204);
  expect(kept(phone)).not.toBeNull();
  const refused = await stage.call('PUT', own, { media: { url: 'http://169.254.169.254/picture' } });
  expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
});

it('of a group: its members hear who changed it, and see it', async () => {
  const path = `/v1/instances/sales/groups/${gid}/picture`;
  expect((await upload(path, { file: fileOf(await wide()) })).status).toBe(204);
  expect(await sharp(kept(gid) ?? Buffer.alloc(0)).metadata()).toMatchObject({ width: 640, height: 640 });
  const changed = ({ data }: ReceivedEvent): boolean => data.changes.picture === 'changed';
  const lid = stage.sandbox.world.accounts.find(phone)?.lidJid;
  const { event } = await told('friend', 'group.updated', changed);
  expect(event.data).toMatchObject({ chat: { jid: gid }, author: { lid } });
  const seen = await stage.call('GET', `/v1/instances/friend/contacts/${gid}/picture`);
  expect(seen.body.url).toBe(stage.sandbox.world.pictures.find(gid)?.url);
  expect((await stage.call('DELETE', path)).status).toBe(204);
  await told('friend', 'group.updated', ({ data }) => data.changes.picture === 'removed');
  expect(stage.sandbox.world.pictures.find(gid)).toBeNull();
});

it('refuses what is no picture, no file, no group, and who may not', async () => {
  const text = new Blob(['no picture at all'], { type: 'image/png' });
  for (const path of [own, `/v1/instances/sales/groups/${gid}/picture`])
    expect(await upload(path, { file: text })).toMatchObject({
      status: 422,
      body: { code: 'conversion_failed' },
    });
  expect(await stage.call('PUT', own, { media: { base64: 'AAAAAAAA' } })).toMatchObject({ status: 422 });
  expect(await stage.call('PUT', own, {})).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'media' }] },
  });
  const picture = fileOf(await wide());
  const nowhere = '/v1/instances/sales/groups/5511988887777/picture';
  expect(await upload(nowhere, { file: picture })).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'gid' }] },
  });
  await stage.call('PATCH', `/v1/instances/sales/groups/${gid}`, { locked: true });
  const forbidden = await upload(`/v1/instances/friend/groups/${gid}/picture`, { file: picture });
  expect(forbidden).toMatchObject({ status: 502, body: { code: 'whatsapp_rejected', whatsappCode: 403 } });
  expect(stage.sandbox.world.pictures.find(gid)).toBeNull();
});

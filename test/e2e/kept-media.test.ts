/** `MEDIA_STORE=local`: files are fetched once as they come in, kept, served from there, and go with what they belong to. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { mediaMessage } from '../../src/sandbox/contacts/send-media.ts';
import { adminKey, type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

const contact = '5511987658003';
const largestBytes = 200_000;
let stage: Stage;
let phone: string;

beforeAll(async () => {
  stage = await startStage({ MEDIA_STORE: 'local', MEDIA_MAX_BYTES: String(largestBytes) });
  ({ phone } = await stage.openInstance('sales'));
});
afterEach(() => stage.sandbox.faults.clear());
afterAll(() => stage.stop());

const media = () => stage.sandbox.world.media;

async function kept(): Promise<string[]> {
  const entries = await readdir(join(stage.dir, 'data/media'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

async function untilKept(count: number): Promise<string[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const files = await kept();
    if (files.length === count) return files;
    if (Date.now() > deadline) throw new Error(`${files.length} files are kept, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A document, and what only its message knows of it from then on. */
async function arrives(bytes: number, to = phone, from = contact): Promise<{ id: string; file: Buffer }> {
  const file = randomBytes(bytes);
  const about = { mimetype: 'application/pdf', fileName: 'a.pdf' };
  const message = mediaMessage(stage.sandbox.world, 'document', file, about);
  const id = await stage.sandbox.sendFrom(from, to, message);
  const wanted = ({ event }: { event: ReceivedEvent }): boolean => event.data?.id === id;
  await stage.hook.next(wanted, `the message ${id}`);
  return { id, file };
}

function expire(id: string): void {
  const message = stage.sandbox.messageTo(phone, id);
  expect(message && stage.sandbox.faults.expireMedia(message, 410)).toBe(true);
}

const download = (id: string): Promise<Response> =>
  fetch(`${stage.gateway.url}/v1/instances/sales/messages/${id}/media`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
async function comesBack(id: string, file: Buffer): Promise<void> {
  const answer = await download(id);
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer()).equals(file)).toBe(true);
}

it('is fetched once, kept encrypted, and served when WhatsApp has it no more and the instance is not open', async () => {
  const before = media().downloads;
  const { id, file } = await arrives(150_000);
  const [path = ''] = await untilKept(1);
  expect(path).toContain(`/media/${new Date().toISOString().slice(0, 10)}/sales/`);
  expect((await readFile(path)).includes(file.subarray(0, 32))).toBe(false);
  expire(id);
  stage.sandbox.faults.phones('missing');
  await comesBack(id, file);
  const disconnected = await stage.call('POST', '/v1/instances/sales/disconnect');
  expect(disconnected.status).toBe(202);
  await stage.untilState('sales', 'stopped');
  await comesBack(id, file);
  await stage.call('POST', '/v1/instances/sales/connect');
  await stage.untilState('sales', 'open');
  expect([media().downloads - before, media().retries]).toEqual([1, 0]);
  const metrics = (await stage.call('GET', '/metrics')).body as string;
  expect(metrics).toMatch(/elenco_media_kept_total\{[^}]*result="kept"[^}]*\} 1\n/);
});

it('that is damaged on the disk is fetched again, and kept anew', async () => {
  const { id, file } = await arrives(90_000);
  await untilKept(2);
  const before = media().downloads;
  const sealed = new Map<string, Buffer>();
  for (const path of await kept()) {
    const bytes = await readFile(path);
    sealed.set(path, bytes);
    await writeFile(path, bytes.subarray(0, bytes.length - 16));
  }
  await comesBack(id, file);
  expect(media().downloads - before).toBe(1);
  await comesBack(id, file);
  expect(media().downloads - before).toBe(1);
  const whole = await Promise.all(
    [...sealed].map(async ([path, bytes]) => (await readFile(path)).equals(bytes)),
  );
  expect(whole.filter(Boolean)).toHaveLength(1);
});

it('that a stop left out is fetched when the instance opens', async () => {
  const { id, file } = await arrives(20_000);
  const files = await untilKept(3);
  await stage.stopGateway();
  for (const path of files) await rm(path);
  await stage.startGateway();
  await stage.untilState('sales', 'open');
  // The one of the first test is gone at WhatsApp, but not on the phone.
  await untilKept(3);
  const before = media().downloads;
  await comesBack(id, file);
  expect(media().downloads).toBe(before);
});

it('above MEDIA_MAX_BYTES is left to WhatsApp', async () => {
  const before = (await kept()).length;
  const { id, file } = await arrives(largestBytes + 1);
  const small = await arrives(1_000);
  await untilKept(before + 1);
  await comesBack(id, file);
  await comesBack(small.id, small.file);
  expect(await kept()).toHaveLength(before + 1);
  expect(await readdir(join(stage.dir, 'data/tmp'))).toEqual([]);
});

it('goes with its chat, and with its instance', async () => {
  const before = await kept();
  const other = await arrives(5_000, phone, '5511987658004');
  const all = await untilKept(before.length + 1);
  expect((await stage.call('DELETE', `/v1/instances/sales/chats/${contact}`)).status).toBe(204);
  const left = await untilKept(1);
  expect(before).not.toContain(left[0]);
  expect(all).toContain(left[0]);
  await comesBack(other.id, other.file);
  expect((await stage.call('DELETE', '/v1/instances/sales')).status).toBe(204);
  await untilKept(0);
});

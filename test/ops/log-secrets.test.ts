/** A busy run at `info`, with failures: no key, secret or message text in any log or on the terminal. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForReading } from '../../src/backup/snapshot.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Program } from '../e2e/support/program.ts';
import { WebhookReceiver } from '../e2e/support/webhook-receiver.ts';

const contact = '5511987654321';
const adminKey = 'log-test-admin-key';
const metricsToken = 'log-test-metrics-token';
const passphrase = 'log test passphrase';
const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const marker = 'zebra-crossing';
const exportPhrase = 'log test export phrase';

let dir: string;
let sandbox: Sandbox;
let hook: WebhookReceiver;
let program: Program;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-secrets-'));
  [sandbox, hook] = await Promise.all([startSandbox(), WebhookReceiver.start()]);
  program = new Program('src/main.ts', [], {
    ...{ HOST: '127.0.0.1', PORT: '0', SHARDS: '2', DATA_DIR: join(dir, 'data'), LOG_DIR: join(dir, 'logs') },
    ...{ LOG_LEVEL: 'info', API_KEY: adminKey, METRICS_TOKEN: metricsToken },
    ...{ WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey, NODE_EXTRA_CA_CERTS: sandbox.caFile },
    ...{ RECONNECT_DELAY_MS_MIN: '50', RECONNECT_DELAY_MS_MAX: '200' },
    ...{ ALERT_WEBHOOK: 'http://127.0.0.1:9/alert-webhook-token', BACKUP_PASSPHRASE: passphrase },
    ...{ BACKUP_DIR: join(dir, 'backups'), WEBHOOK_MAX_ATTEMPTS: '2' },
  });
});
afterEach(async () => {
  program.kill('SIGKILL');
  await program.exited;
  await sandbox.stop();
  await hook.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Everything that the store keeps of private keys, as the two writings in which it could be printed. */
async function storedKeys(): Promise<string[]> {
  const env = openForReading(join(dir, 'data'), null);
  const keys: Buffer[] = [];
  for (const { value } of env.db.creds.getRange())
    for (const [, data = ''] of Buffer.from(value)
      .toString()
      .matchAll(/"data":"([A-Za-z0-9+/=]{40,})"/g))
      keys.push(Buffer.from(data, 'base64'));
  for (const { key, value } of env.db.signal.getRange())
    if (Buffer.from(key).includes('pre-key:')) keys.push(Buffer.from(value).subarray(32, 64));
  await env.root.close();
  return keys.flatMap((key) => [key.toString('base64'), key.toString('hex')]);
}

type Call = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: Record<string, string> }>;

/** A picture of one pixel, and what a log must not show of it. */
const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#a1b2c3' } })
  .png()
  .toBuffer();

/** Texts of every kind, in every place that takes one; what is refused, and why, may be logged but not shown. */
async function eachWayToSay(call: Call): Promise<void> {
  const to = contact;
  const messages: object[] = [
    { to, type: 'image', media: { base64: picture.toString('base64') }, caption: marker, filename: marker },
    { to, type: 'document', media: { base64: picture.toString('base64') }, filename: `${marker}.pdf` },
    { to, type: 'location', latitude: 1, longitude: 2, name: marker, address: marker },
    { to, type: 'contact', contacts: [{ name: marker, phones: [contact] }] },
    { to, type: 'poll', question: marker, options: [`${marker} a`, `${marker} b`] },
    { to, type: 'event', name: marker, startAt: '2030-01-01T00:00:00Z', description: marker },
  ];
  for (const body of messages)
    expect((await call('POST', '/v1/instances/busy/messages', body)).status, JSON.stringify(body)).toBe(201);
  const broken = { to, type: 'image', media: { base64: Buffer.from(marker).toString('base64') } };
  expect((await call('POST', '/v1/instances/busy/messages', broken)).status).toBe(422);
  const group = await call('POST', '/v1/instances/busy/groups', { subject: marker, participants: [contact] });
  expect(group.status).toBe(201);
  const gid = encodeURIComponent(group.body['id'] ?? '');
  const said: [string, string, object][] = [
    ['PATCH', `groups/${gid}`, { description: marker }],
    ['POST', 'messages', { to: group.body['id'], type: 'text', text: marker }],
    ['PATCH', 'profile', { name: marker, about: marker }],
    ['POST', 'labels', { name: marker }],
    ['POST', 'status', { type: 'text', text: marker, audience: [contact] }],
    ['POST', 'communities', { subject: marker, description: marker }],
    ['POST', 'newsletters', { name: marker, description: marker }],
  ];
  for (const [method, path, body] of said) {
    const { status } = await call(method, `/v1/instances/busy/${path}`, body);
    expect(status, `${method} ${path}`).toBeLessThan(500);
  }
  const { body } = await call('POST', '/v1/instances/busy/messages', { to, type: 'text', text: marker });
  const mid = body['id'] ?? '';
  await call('PATCH', `/v1/instances/busy/messages/${mid}`, { text: `${marker} edited` });
  await call('PUT', `/v1/instances/busy/messages/${mid}/reaction`, { emoji: marker });
  await call('POST', `/v1/instances/busy/messages/${mid}/forward`, { to });
}

it('a busy run at info shows no key, secret or text', { timeout: 90_000 }, async () => {
  const [, url = ''] = await program.says(/REST API\s+(http:\S+)\/v1/);
  const call = async (method: string, path: string, body?: unknown, key = adminKey) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: (await answer.json().catch(() => ({}))) as Record<string, string> };
  };
  const webhook = { url: `${hook.url}?token=url-secret`, secret, headers: { 'x-token': 'header-secret' } };
  const made = await call('POST', '/v1/instances', { id: 'busy', webhook });
  const { qr = '' } = (await call('GET', '/v1/instances/busy/qr?wait=20')).body;
  const { phone } = await sandbox.scan(qr);
  while ((await call('GET', '/v1/instances/busy')).body['state'] !== 'open');

  const say = (text: string) =>
    call('POST', '/v1/instances/busy/messages', { to: contact, type: 'text', text });
  for (let at = 0; at < 20; at++) await say(`${marker} ${at}`);
  await eachWayToSay(call);
  await call('GET', '/v1/instances', undefined, `${marker}-wrong-key`);
  await call('POST', '/v1/instances/busy/messages', { to: contact, type: 'text', text: 7, caption: marker });
  hook.status = 500;
  for (let at = 0; at < 20; at++) await sandbox.sendFrom(contact, phone, `${marker} in ${at}`);
  const exported = await call('POST', '/v1/instances/busy/export', { passphrase: exportPhrase });
  expect(exported.status).toBe(200);
  const wrong = { passphrase: `${exportPhrase} wrong`, base64: Buffer.from(marker).toString('base64') };
  expect((await call('POST', '/v1/import', wrong)).status).toBe(400);
  sandbox.dropConnections();
  await call('POST', '/v1/instances/busy/restart');
  await call('POST', '/v1/instances', {
    id: 'second',
    webhook: { url: 'http://127.0.0.1:9/closed', secret },
  });
  const second = (await call('GET', '/v1/instances/second/qr?wait=20')).body['qr'] ?? '';
  await call('DELETE', '/v1/instances/second');
  hook.status = 200;
  while ((await call('GET', '/v1/instances/busy')).body['state'] !== 'open');
  await say(`${marker} at last`);
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);

  const files = await readdir(join(dir, 'logs'));
  const texts = await Promise.all(files.map((name) => readFile(join(dir, 'logs', name), 'utf8')));
  const written = [...texts, program.stdout, program.stderr].join('\n');
  expect(written).toContain('"level":30');
  const keys = await storedKeys();
  expect(keys.length).toBeGreaterThan(20);
  const secrets = {
    ...{ adminKey, metricsToken, passphrase, secret, marker, qr, second },
    ...{ token: made.body['token'] ?? '', alertWebhook: 'alert-webhook-token', exportPhrase },
    file: picture.toString('base64').slice(20, 60),
    ...{ urlSecret: 'url-secret', headerSecret: 'header-secret', libsignal: 'privKey' },
    ...Object.fromEntries(keys.map((key, at) => [`key ${at}`, key])),
  };
  for (const [name, value] of Object.entries(secrets)) {
    expect(value.length, name).toBeGreaterThan(5);
    expect(written.includes(value), `${name} is in the log`).toBe(false);
  }
});

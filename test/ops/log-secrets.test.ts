/** A busy run at `info`, with failures: no key, secret or message text in any log or on the terminal. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    ...{ WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey },
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
  await call('GET', '/v1/instances', undefined, `${marker}-wrong-key`);
  await call('POST', '/v1/instances/busy/messages', { to: contact, type: 'text', text: 7, caption: marker });
  hook.status = 500;
  for (let at = 0; at < 20; at++) await sandbox.sendFrom(contact, phone, `${marker} in ${at}`);
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
    ...{ token: made.body['token'] ?? '', alertWebhook: 'alert-webhook-token' },
    ...{ urlSecret: 'url-secret', headerSecret: 'header-secret', libsignal: 'privKey' },
    ...Object.fromEntries(keys.map((key, at) => [`key ${at}`, key])),
  };
  for (const [name, value] of Object.entries(secrets)) {
    expect(value.length, name).toBeGreaterThan(5);
    expect(written.includes(value), `${name} is in the log`).toBe(false);
  }
});

/**
 * What a new operator does, from the guides alone: PM2 start, fifty numbers, an alert, a backup, the loss of the
 * data folder, a restore, and a reload under traffic. Everything real but WhatsApp, which is the sandbox.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Program } from '../e2e/support/program.ts';
import { WebhookReceiver } from '../e2e/support/webhook-receiver.ts';
import { freePort, Pm2 } from './support/pm2.ts';
import { isMissing } from './support/tools.ts';

const numbers = 50;
const contact = '5511987654321';
const headers = { authorization: 'Bearer operator-test-key', 'content-type': 'application/json' };
const ids = Array.from({ length: numbers }, (_, at) => `number-${at}`);

interface Listed {
  readonly items: readonly { readonly id: string; readonly state: string; readonly name: string }[];
}

let dir: string;
let sandbox: Sandbox;
let hook: WebhookReceiver;
let alerts: WebhookReceiver;
let pm2: Pm2;
let url: string;

beforeEach(async () => {
  if (isMissing('pm2')) return;
  dir = await mkdtemp(join(tmpdir(), 'elenco-operator-'));
  [sandbox, hook, alerts] = await Promise.all([
    startSandbox(),
    WebhookReceiver.start(),
    WebhookReceiver.start(),
  ]);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  pm2 = new Pm2({
    ...{ PM2_HOME: join(dir, 'pm2'), DATA_DIR: join(dir, 'data'), HOST: '127.0.0.1', PORT: String(port) },
    ...{ API_KEY: 'operator-test-key', WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey },
    ...{ BACKUP_PASSPHRASE: 'the passphrase of the operator', LOG_DIR: join(dir, 'logs') },
    PM2_LOG_DIR: join(dir, 'pm2-logs'),
    ...{ ALERT_WEBHOOK: alerts.url, ALERT_WEBHOOK_PENDING_MAX: '100' },
    ...{ RATE_LIMIT_INSTANCES: 'off', RATE_LIMIT_QUERIES: 'off', RATE_LIMIT_GLOBAL: 'off' },
    ...{ RECONNECT_DELAY_MS_MIN: '50', RECONNECT_DELAY_MS_MAX: '500' },
  });
}, 60_000);

afterEach(async () => {
  if (isMissing('pm2')) return;
  await pm2.run('kill');
  await Promise.all([sandbox.stop(), hook.stop(), alerts.stop()]);
  await rm(dir, { recursive: true, force: true });
}, 60_000);

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  more = {},
): Promise<{ status: number; body: T }> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, { method, headers: { ...headers, ...more }, ...sent });
  return { status: answer.status, body: (await answer.json().catch(() => null)) as T };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

async function untilAllOpen(): Promise<void> {
  for (;;) {
    const list = await call<Listed>('GET', '/v1/instances?limit=200&state=open').catch(() => null);
    if (list?.body?.items?.length === numbers) return;
    await soon();
  }
}

/** Tries one message under one idempotency key until the gateway has answered for it. */
async function send(id: string, text: string): Promise<void> {
  const body = { to: contact, type: 'text', text };
  for (;;) {
    const key = { 'idempotency-key': `${id} ${text}` };
    const answer = await call('POST', `/v1/instances/${id}/messages`, body, key).catch(() => null);
    if (answer?.status === 201) return;
    await soon();
  }
}

async function elenco(...argv: string[]): Promise<string> {
  const program = new Program('src/cli/main.ts', argv, pm2.env);
  expect(await program.exited, program.stderr).toBe(0);
  return program.stderr;
}

const echoes = (): string[] => hook.of('message.received').map(({ data }) => String(data.text));
const qrs = (): number => hook.of('instance.qr').length;

async function pairAll(): Promise<void> {
  for (const id of ids) {
    await call('POST', '/v1/instances', { id, webhook: { url: hook.url } });
    const { qr } = (await call<{ qr: string }>('GET', `/v1/instances/${id}/qr?wait=20`)).body;
    await sandbox.scan(qr);
  }
  await untilAllOpen();
}

it.skipIf(isMissing('pm2'))(
  'fifty numbers: start, alert, backup, loss, restore, reload, nothing lost (skipped without PM2)',
  { timeout: 300_000 },
  async () => {
    await pm2.run('start', 'pm2.config.cjs', '--env', 'production');
    await pairAll();

    hook.status = 503;
    await Promise.all(
      ids.flatMap((id) => [send(id, 'while the endpoint is down'), send(id, 'and once more')]),
    );
    await alerts.until(() => alerts.deliveries.length > 0, 'the alert is posted');
    expect(alerts.deliveries[0]?.event).toMatchObject({
      type: 'alert.firing',
      alert: { name: 'webhook_queue_long' },
    });

    await elenco('backup', join(dir, 'backups'));
    await pm2.run('stop', 'elenco');
    await rm(join(dir, 'data'), { recursive: true });
    const [file = ''] = await readdir(join(dir, 'backups'));
    expect(await elenco('restore', join(dir, 'backups', file))).toContain(`${numbers} instances`);
    const qrsBefore = qrs();
    hook.status = 200;
    await pm2.run('start', 'elenco');
    await untilAllOpen();
    await hook.until(
      () => echoes().filter((text) => text.includes('and once more')).length >= numbers,
      'what was undelivered at the backup',
    );
    expect(qrs()).toBe(qrsBefore);

    const reloading = pm2.run('reload', 'elenco');
    await Promise.all(ids.map((id) => send(id, `during the reload, ${id}.`)));
    await reloading;
    await untilAllOpen();
    await hook.until(
      () => ids.every((id) => echoes().some((text) => text.includes(`reload, ${id}.`))),
      'an echo of every message sent during the reload',
    );
    expect((await pm2.listed()).pm2_env).toMatchObject({ status: 'online' });
  },
);

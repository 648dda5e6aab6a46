/** pm2.config.cjs under real PM2, with a daemon of its own: start, reload under traffic, a crash loop. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { WebhookReceiver } from '../e2e/support/webhook-receiver.ts';
import { freePort, Pm2 } from './support/pm2.ts';
import { isMissing } from './support/tools.ts';

const headers = { authorization: 'Bearer pm2-test-key', 'content-type': 'application/json' };
const contact = '5511987654321';

describe.skipIf(isMissing('pm2'))('pm2.config.cjs (skipped where PM2 is not installed)', () => {
  let dir: string;
  let sandbox: Sandbox;
  let hook: WebhookReceiver;
  let pm2: Pm2;
  let url: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'elenco-pm2-'));
    [sandbox, hook] = await Promise.all([startSandbox(), WebhookReceiver.start()]);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    pm2 = new Pm2({
      PM2_HOME: join(dir, 'pm2'),
      DATA_DIR: join(dir, 'data'),
      PM2_LOG_DIR: join(dir, 'pm2-logs'),
      HOST: '127.0.0.1',
      PORT: String(port),
      SHARDS: '2',
      API_KEY: 'pm2-test-key',
      WA_SOCKET_URL: sandbox.url,
      WA_ROOT_KEY: sandbox.rootKey,
      RECONNECT_DELAY_MS_MIN: '50',
      RECONNECT_DELAY_MS_MAX: '500',
    });
  });

  afterEach(async () => {
    await pm2.run('kill');
    await sandbox.stop();
    await hook.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  const start = (): Promise<string> => pm2.run('start', 'pm2.config.cjs', '--env', 'production');

  async function untilOpen(): Promise<void> {
    for (;;) {
      const answer = await fetch(`${url}/v1/instances/kept`, { headers }).catch(() => null);
      if (answer?.ok && ((await answer.json()) as { state: string }).state === 'open') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Tries one message under one idempotency key until the gateway has answered for it. */
  async function send(text: string): Promise<void> {
    for (;;) {
      const answer = await fetch(`${url}/v1/instances/kept/messages`, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': text },
        body: JSON.stringify({ to: contact, type: 'text', text }),
      }).catch(() => null);
      if (answer?.status === 201) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('starts ready in one fork-mode process, and a reload under traffic loses no message', async () => {
    await start();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const before = await pm2.listed();
    expect(before.pm2_env).toMatchObject({ status: 'online', exec_mode: 'fork_mode', restart_time: 0 });
    expect(before.pm2_env.node_version).toMatch(/^24\./);

    const body = JSON.stringify({ id: 'kept', webhook: { url: hook.url } });
    await fetch(`${url}/v1/instances`, { method: 'POST', headers, body });
    const shown = await fetch(`${url}/v1/instances/kept/qr?wait=20`, { headers });
    const { phone } = await sandbox.scan(((await shown.json()) as { qr: string }).qr);
    await untilOpen();

    const outgoing = Array.from({ length: 40 }, (_, at) => `out ${at}`);
    const incoming = Array.from({ length: 40 }, (_, at) => `in ${at}`);
    await send('warm');
    const reloading = pm2.run('reload', 'elenco');
    const sending = (async () => {
      for (const text of outgoing) await send(text);
    })();
    for (const text of incoming) await sandbox.sendFrom('5511955554444', phone, text);
    await Promise.all([reloading, sending]);
    await untilOpen();

    const after = await pm2.listed();
    expect(after.pid).not.toBe(before.pid);
    expect(after.pm2_env).toMatchObject({ status: 'online', restart_time: 1 });
    const got = (): string[] => hook.of('message.received').map(({ data }) => String(data.text));
    await hook.until(() => incoming.every((text) => got().includes(text)), 'every incoming message');
    await hook.until(
      () => outgoing.every((text) => got().some((echo) => echo.includes(text))),
      'an echo of every message sent',
    );
  }, 120_000);

  it('contains a crash loop: starts again, ever more slowly', async () => {
    pm2.env['WA_ROOT_KEY'] = 'not a key';
    // How it failed: each round of PM2 and of a refused start is a process or two, and five of them took more than
    // the guard on a machine with a load of 20.
    const starting = start();
    const delayAfter = async (starts: number): Promise<number> => {
      while ((await refusals()) < starts) await new Promise((resolve) => setTimeout(resolve, 20));
      const { status, prev_restart_delay: delayMs = 0 } = (await pm2.listed()).pm2_env;
      expect(['errored', 'stopped']).not.toContain(status);
      return delayMs;
    };
    const early = await delayAfter(2);
    const late = await delayAfter(4);
    expect(early).toBeGreaterThanOrEqual(200);
    expect(late).toBeGreaterThan(early);
    await pm2.run('delete', 'elenco');
    await starting;
  }, 120_000);

  /** How often the gateway said why it does not start. */
  async function refusals(): Promise<number> {
    const text = await readFile(join(dir, 'pm2-logs', 'elenco.err.log'), 'utf8').catch(() => '');
    return text.split('elenco: WA_ROOT_KEY').length - 1;
  }
});

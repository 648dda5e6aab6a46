/**
 * The whole gateway in this process, wired to a sandbox over real sockets, with a store of its own in a
 * temp folder and a webhook endpoint. What every e2e test starts from; `stop` ends all of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createElenco, type Elenco } from '../../../src/client/elenco.ts';
import { loadConfig } from '../../../src/config.ts';
import { type Gateway, startGateway } from '../../../src/gateway.ts';
import { createLog } from '../../../src/log.ts';
import type { SandboxOptions } from '../../../src/sandbox/options.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { breachOf, eventBreach } from '../../api/support/contract.ts';
import { trustedCertificate } from '../../support/trusted-media.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a JSON answer, asserted by the test
  readonly body: any;
}

export type Environment = Readonly<Record<string, string>>;
export const adminKey = 'e2e-admin-key';
const guardMs = 30_000;

export class Stage {
  readonly sandbox: Sandbox;
  readonly hook: WebhookReceiver;
  readonly dir: string;
  #env: Environment;
  #gateway: Gateway | null = null;

  constructor(parts: { sandbox: Sandbox; hook: WebhookReceiver; dir: string; env: Environment }) {
    this.sandbox = parts.sandbox;
    this.hook = parts.hook;
    this.dir = parts.dir;
    this.#env = parts.env;
  }

  get gateway(): Gateway {
    if (!this.#gateway) throw new Error('the gateway is not running');
    return this.#gateway;
  }

  /** The API as a program uses it, without repeats; with the admin key, or `key`. */
  elenco(key: string = adminKey): Elenco {
    return createElenco({ url: this.gateway.url, key, retries: 0 });
  }

  async startGateway(env: Environment = {}): Promise<Gateway> {
    const config = loadConfig({ ...this.#env, ...env });
    this.#gateway = await startGateway({
      config,
      log: createLog((process.env['ELENCO_TEST_LOG'] ?? 'silent') as 'silent'),
      onFatal: (reason) => {
        throw new Error(`fatal: ${reason}`);
      },
    });
    await this.#gateway.hosted;
    return this.#gateway;
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.stop();
    this.#gateway = null;
  }

  async stop(): Promise<void> {
    await this.stopGateway();
    await this.sandbox.stop();
    await this.hook.stop();
    const breaches = this.hook.deliveries.flatMap(({ event }) => eventBreach(event) ?? []);
    if (breaches.length > 0) throw new Error(`against /openapi.json: ${[...new Set(breaches)].join('\n')}`);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** One REST call with the admin key; throws where the answer is not as /openapi.json has it. */
  async call(method: string, path: string, body?: unknown, headers: Environment = {}): Promise<Answer> {
    const response = await fetch(`${this.gateway.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type');
    const isJson = type?.includes('json') ?? false;
    const breach = breachOf(method, path, { status: response.status, type, text });
    if (breach) throw new Error(`against /openapi.json: ${breach}`);
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Creates an instance, scans its QR, and resolves when it is open. Answers its number and token. */
  async openInstance(
    id: string,
    phone?: string,
    settings: { readonly syncHistory?: boolean } = {},
  ): Promise<{ phone: string; token: string }> {
    const elenco = this.elenco();
    const body = { id, webhook: { url: this.hook.url }, settings };
    const { token } = await elenco.post('/v1/instances', { body });
    const { qr } = await elenco.get('/v1/instances/{id}/qr', { path: { id }, query: { wait: 20 } });
    const paired = await this.sandbox.scan(qr, phone === undefined ? {} : { phone });
    await this.untilState(id, 'open');
    return { phone: paired.phone, token: token ?? '' };
  }

  async untilState(id: string, state: string): Promise<void> {
    await this.until(
      () => this.gateway.commands.getInstance(id)?.status.state === state,
      `${id} is ${state}`,
    );
  }

  /** Polls what no event tells. The guard makes a hang a failure. */
  async until(isDone: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + guardMs;
    while (!isDone()) {
      if (Date.now() > deadline) throw new Error(`not seen within ${guardMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A sandbox, a webhook endpoint and, unless `env` is null, a running gateway. */
export async function startStage(env: Environment = {}, options: SandboxOptions = {}): Promise<Stage> {
  const [sandbox, hook, dir] = await Promise.all([
    startSandbox({ certificate: trustedCertificate(), ...options }),
    WebhookReceiver.start(),
    mkdtemp(join(tmpdir(), 'elenco-e2e-')),
  ]);
  const stage = new Stage({
    sandbox,
    hook,
    dir,
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      API_KEY: adminKey,
      DATA_DIR: join(dir, 'data'),
      SHARDS: '2',
      WA_SOCKET_URL: sandbox.url,
      WA_ROOT_KEY: sandbox.rootKey,
      RECONNECT_DELAY_MS_MIN: '50',
      RECONNECT_DELAY_MS_MAX: '500',
      ...env,
    },
  });
  await stage.startGateway();
  return stage;
}

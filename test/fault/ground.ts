/**
 * Where a fault run takes place: a sandbox and a webhook endpoint here, the gateway as a process of its own
 * that can be killed, on one port and one data folder for the whole run.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Launch, Program } from '../e2e/support/program.ts';
import { WebhookReceiver } from '../e2e/support/webhook-receiver.ts';
import type { Member } from './traffic.ts';

export const faultKey = 'fault-admin-key';
const guardMs = 60_000;
const run = promisify(execFile);

interface Hook {
  readonly url: string;
  readonly secret?: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Ground {
  readonly sandbox: Sandbox;
  readonly hook: WebhookReceiver;
  readonly baseUrl: string;
  readonly dir: string;
  #port: number;
  #env: Readonly<Record<string, string>>;
  #launch: Launch;
  #gateway: Program | null = null;
  #inProcess: Gateway | null = null;
  #mounted: string | null = null;
  /** Sends of `untilRefused` that went through: at contacts without a client that was promised them. */
  probes = 0;

  constructor(parts: {
    sandbox: Sandbox;
    hook: WebhookReceiver;
    dir: string;
    port: number;
    env: Readonly<Record<string, string>>;
    launch: Launch;
  }) {
    this.sandbox = parts.sandbox;
    this.hook = parts.hook;
    this.dir = parts.dir;
    this.#port = parts.port;
    this.#env = parts.env;
    this.#launch = parts.launch;
    this.baseUrl = `http://127.0.0.1:${parts.port}`;
  }

  static async prepare(env: Readonly<Record<string, string>> = {}, launch: Launch = {}): Promise<Ground> {
    const [sandbox, hook] = await Promise.all([startSandbox(), WebhookReceiver.start()]);
    const dir = await mkdtemp(join(tmpdir(), 'elenco-fault-'));
    return new Ground({ sandbox, hook, dir, port: await freePort(), env, launch });
  }

  get gateway(): Program {
    if (!this.#gateway) throw new Error('the gateway is not running');
    return this.#gateway;
  }

  get inProcess(): Gateway {
    if (!this.#inProcess) throw new Error('the gateway is a process of its own');
    return this.#inProcess;
  }

  #environment(): Record<string, string> {
    return {
      HOST: '127.0.0.1',
      PORT: String(this.#port),
      API_KEY: faultKey,
      DATA_DIR: join(this.dir, 'data'),
      SHARDS: '2',
      LOG_LEVEL: 'error',
      WA_SOCKET_URL: this.sandbox.url,
      WA_ROOT_KEY: this.sandbox.rootKey,
      RECONNECT_DELAY_MS_MIN: '200',
      RECONNECT_DELAY_MS_MAX: '2000',
      RATE_LIMIT_MESSAGES: 'off',
      RATE_LIMIT_INSTANCES: 'off',
      RATE_LIMIT_QUERIES: 'off',
      RATE_LIMIT_GLOBAL: 'off',
      ...this.#env,
    };
  }

  /** Errors in the log of the gateway's last process, and what it said when it ended by itself. */
  complaints(): string[] {
    const program = this.#gateway;
    if (!program) return [];
    const errors = program.stdout.split('\n').filter((line) => /"level":(50|60)/.test(line));
    return program.stderr === '' ? errors : [...errors, program.stderr];
  }

  /** Resolves when REST serves. */
  async start(): Promise<void> {
    this.#gateway = new Program('src/main.ts', [], this.#environment(), this.#launch);
    await this.#gateway.says(/Elenco is up/);
  }

  async startInProcess(): Promise<void> {
    const onFatal = (reason: string): void => {
      console.error(`fatal: ${reason}`);
      process.exit(70);
    };
    this.#inProcess = await startGateway({ config: loadConfig(this.#environment()), onFatal });
  }

  async kill(): Promise<void> {
    this.gateway.kill('SIGKILL');
    await this.gateway.exited;
  }

  async end(): Promise<void> {
    this.#gateway?.kill('SIGKILL');
    await this.#gateway?.exited;
    await this.#inProcess?.stop();
    await this.sandbox.stop();
    await this.hook.stop();
    if (this.#mounted !== null) await run('umount', [this.#mounted]);
    await rm(this.dir, { recursive: true, force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: a JSON answer
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${faultKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status === 204 ? null : response.json();
  }

  async text(path: string): Promise<string> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      headers: { authorization: `Bearer ${faultKey}` },
    });
    return response.text();
  }

  /** Gives the data folder a file system of its own; only root can. */
  async mountSmallDisk(megabytes: number): Promise<void> {
    const path = join(this.dir, 'data');
    await mkdir(path, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
    this.#mounted = path;
  }

  /** Sends until one is refused by the gateway itself; a fresh idempotency key each. */
  async untilRefused(instance: string): Promise<{ status: number; code: string }> {
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(`${this.baseUrl}/v1/instances/${instance}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${faultKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          to: '5511980008001',
          type: 'text',
          text: `probe ${attempt}`,
          timeoutMs: 5_000,
        }),
      });
      const { code } = (await response.json()) as { code?: string };
      if (response.status >= 500) return { status: response.status, code: code ?? '' };
      this.probes += 1;
      if (attempt > 2_000) throw new Error('no send was refused on a full disk');
    }
  }

  /** Makes and pairs instances, four at a time; resolves when all are open. `hookOf` takes the index. */
  async openInstances(
    count: number,
    hookOf: (index: number) => Hook | null = () => ({ url: this.hook.url }),
  ): Promise<Member[]> {
    const indexes = Array.from({ length: count }, (_, index) => index);
    const members: Member[] = [];
    const next = async (): Promise<void> => {
      for (let index = indexes.shift(); index !== undefined; index = indexes.shift())
        members.push(await this.#openOne(`i${index}`, hookOf(index)));
    };
    await Promise.all([next(), next(), next(), next()]);
    await this.allOpen(members);
    return members;
  }

  async #openOne(id: string, webhook: Hook | null): Promise<Member> {
    await this.call('POST', '/v1/instances', webhook ? { id, webhook } : { id });
    const { qr } = await this.call('GET', `/v1/instances/${id}/qr?wait=30`);
    const { phone } = await this.sandbox.scan(qr);
    return { id, phone };
  }

  async allOpen(members: readonly Member[]): Promise<void> {
    let closed: unknown[] = [];
    await this.until(
      async () => {
        const { items } = await this.call('GET', '/v1/instances?limit=200');
        closed = items.filter(
          (one: { id: string; state: string }) =>
            one.state !== 'open' && members.some(({ id }) => id === one.id),
        );
        return closed.length === 0;
      },
      () => `all instances are open; not: ${JSON.stringify(closed)}`,
    );
  }

  async until(isDone: () => Promise<boolean> | boolean, what: string | (() => string)): Promise<void> {
    const deadline = Date.now() + guardMs;
    for (;;) {
      if (await Promise.resolve(isDone()).catch(() => false)) return;
      if (Date.now() > deadline)
        throw new Error(`not seen within ${guardMs} ms: ${typeof what === 'string' ? what : what()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

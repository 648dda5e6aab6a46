/**
 * A sandbox process, a webhook endpoint and a gateway process with its instances: where the instances, threads
 * and soak benches take place. The driver is the process that runs this.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hook } from './instances-hook.ts';
import { cpuMsOf, freePort, GatewayProcess, type Variant } from './instances-process.ts';
import { Rest } from './instances-rest.ts';
import { Phone } from './lib/phone.ts';

export interface Member {
  readonly id: string;
  readonly phone: string;
}

export interface CpuMs {
  readonly gateway: number;
  readonly sandbox: number;
  readonly driver: number;
}

const pairedAtOnce = 8;
const guardMs = 300_000;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Stage {
  readonly phone: Phone;
  readonly hook: Hook;
  readonly gateway: GatewayProcess;
  readonly port: number;
  readonly dir: string;
  rest: Rest;
  members: Member[] = [];

  private constructor(parts: {
    phone: Phone;
    hook: Hook;
    gateway: GatewayProcess;
    port: number;
    dir: string;
  }) {
    this.phone = parts.phone;
    this.hook = parts.hook;
    this.gateway = parts.gateway;
    this.port = parts.port;
    this.dir = parts.dir;
    this.rest = new Rest(parts.port);
  }

  static async start(variant: Variant, env: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const [phone, hook, port] = await Promise.all([Phone.start(), Hook.start(), freePort()]);
    const dir = mkdtempSync(join(tmpdir(), 'elenco-instances-'));
    mkdirSync(join(dir, 'data'));
    const gateway = new GatewayProcess({
      ...{ variant, server: phone, dir, port },
      env: { NODE_EXTRA_CA_CERTS: phone.caFile, ...env },
    });
    await gateway.start();
    return new Stage({ phone, hook, gateway, port, dir });
  }

  /** Makes and pairs instances; resolves when all are open. */
  async pair(count: number, events: readonly string[] = ['message.received']): Promise<void> {
    const first = this.members.length;
    const ids = Array.from({ length: count }, (_, index) => `i${first + index}`);
    const next = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        await this.rest.json('POST', '/v1/instances', { id, webhook: { url: this.hook.url, events } });
        const { qr } = await this.rest.json<{ qr: string }>('GET', `/v1/instances/${id}/qr?wait=30`);
        this.members.push({ id, phone: await this.phone.scan(qr) });
      }
    };
    await Promise.all(Array.from({ length: pairedAtOnce }, next));
    await this.untilOpen(first + count);
  }

  async untilOpen(count: number): Promise<void> {
    await until(async () => (await this.rest.open()) >= count, `${count} instances are open`, 100);
  }

  /** Collected garbage in every thread; baseline too. */
  async collect(): Promise<void> {
    for (let time = 0; time < 2; time++) await this.rest.raw('POST', '/monitoring/gc');
  }

  cpu(): CpuMs {
    const { user, system } = process.cpuUsage();
    return {
      gateway: cpuMsOf(this.gateway.pid),
      sandbox: cpuMsOf(this.phone.pid),
      driver: (user + system) / 1000,
    };
  }

  async restart(): Promise<void> {
    await this.gateway.stop();
    await this.rest.close();
    this.rest = new Rest(this.port);
    await this.gateway.start();
  }

  async stop(): Promise<void> {
    await this.gateway.stop('SIGKILL');
    await this.rest.close();
    await this.phone.stop();
    this.hook.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function until(
  isDone: () => Promise<boolean> | boolean,
  what: string,
  everyMs = 20,
): Promise<void> {
  const deadline = Date.now() + guardMs;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`not seen within ${guardMs} ms: ${what}`);
    await pause(everyMs);
  }
}

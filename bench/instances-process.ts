/**
 * A gateway as a process of its own, ours or the baseline, and what Linux says about a process: CPU, memory.
 * Used by the instances, threads and soak benches; ends only what it started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export type Variant = 'ours' | 'baseline';
export const benchKey = 'bench-admin-key';
const ticksPerSecond = 100;
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** CPU ms that a process has used, all its threads. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

export interface Memory {
  readonly anonMb: number;
  readonly rssMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
  return { anonMb: mb('RssAnon'), rssMb: mb('VmRSS') };
}

export interface GatewayOptions {
  readonly variant: Variant;
  readonly server: { readonly url: string; readonly rootKey: string };
  readonly dir: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

const environment = ({ server, dir, port, env }: GatewayOptions): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOST: '127.0.0.1',
  PORT: String(port),
  API_KEY: benchKey,
  DATA_DIR: `${dir}/data`,
  MAX_INSTANCES: '5000',
  LOG_LEVEL: 'warn',
  WA_SOCKET_URL: server.url,
  WA_ROOT_KEY: server.rootKey,
  RATE_LIMIT_MESSAGES: 'off',
  RATE_LIMIT_INSTANCES: 'off',
  RATE_LIMIT_QUERIES: 'off',
  RATE_LIMIT_GLOBAL: 'off',
  ...env,
});

export class GatewayProcess {
  readonly #options: GatewayOptions;
  #child: ChildProcess | null = null;
  /** Lines of stderr. */
  readonly complaints: string[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves when it says that it serves. */
  async start(): Promise<void> {
    const { variant, server, dir, port } = this.#options;
    const args =
      variant === 'ours'
        ? [file('../src/main.ts')]
        : [file('./baseline-gateway.ts'), server.url, String(port), `${dir}/baseline.json`];
    const flags = ['--expose-gc', ...(this.#options.env?.['BENCH_NODE_FLAGS']?.split(' ') ?? [])];
    const child = spawn(process.execPath, [...flags, ...args], {
      env: environment(this.#options),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#complained(text));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        if (/is up/.test(text)) resolve();
        else if (/"level":(50|60)/.test(text)) process.stderr.write(text);
      });
    });
  }

  #complained(text: string): void {
    this.complaints.push(text);
    if (!/SIGTERM: stopping/.test(text)) process.stderr.write(text);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

/** One PM2 daemon in a folder of its own, with the environment that the gateway gets. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { findTool, root } from './tools.ts';

export interface Listed {
  readonly pid: number;
  readonly pm2_env: {
    readonly status: string;
    readonly restart_time: number;
    readonly exec_mode: string;
    /** What PM2 waited before the last start, ms. */
    readonly prev_restart_delay?: number;
    readonly node_version?: string;
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Pm2 {
  readonly env: Record<string, string>;
  constructor(env: Record<string, string>) {
    this.env = env;
  }

  run(...argv: string[]): Promise<string> {
    const spawned: ChildProcess = spawn(findTool('pm2') ?? 'pm2', argv, {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.env['PM2_HOME'] ?? '', ...this.env },
    });
    let output = '';
    spawned.stdout?.on('data', (text) => (output += text));
    spawned.stderr?.on('data', (text) => (output += text));
    return new Promise((resolve, reject) => {
      spawned.once('error', reject);
      spawned.once('close', () => resolve(output));
    });
  }

  async listed(): Promise<Listed> {
    const output = await this.run('jlist');
    const line = output.split('\n').find((text) => text.startsWith('[{'));
    if (line === undefined) throw new Error(`pm2 lists nothing: ${output}`);
    return (JSON.parse(line) as Listed[])[0] as Listed;
  }
}

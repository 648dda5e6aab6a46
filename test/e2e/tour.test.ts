/** The tour of both READMEs, copied line by line into a shell against `src/sandbox/run.ts` as `npm run sandbox` starts it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Program } from './support/program.ts';

let dir: string;
let program: Program;
let tourOf: (page: string) => Promise<string>;

/** Two ports that are free now, held at the same time so that they differ. */
async function freePorts(): Promise<[string, string]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return String((server.address() as AddressInfo).port);
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [string, string];
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-tour-'));
  const [gateway, control] = await freePorts();
  const ports = ['--port', '0', '--gateway-port', gateway, '--control-port', control];
  program = new Program('src/sandbox/run.ts', [...ports, '--data-dir', join(dir, 'data')], {});
  tourOf = async (page) => {
    const lines = /<!-- tour -->\n```sh\n([\s\S]*?)```/.exec(await readFile(page, 'utf8'))?.[1] ?? '';
    return lines
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${gateway}`)
      .replaceAll('127.0.0.1:3001', `127.0.0.1:${control}`);
  };
  await program.says(/Elenco is up/);
});
afterAll(async () => {
  program.kill('SIGTERM');
  await program.exited;
  await rm(dir, { recursive: true, force: true });
});

it.each(['README.md', 'README.pt-BR.md'])(
  '%s: from nothing to a signed echo at a webhook, and how long it took',
  async (page) => {
    const tour = await tourOf(page);
    expect(tour.split('\n').length).toBeGreaterThan(6);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', tour], {
      timeout: 30_000,
    });
    expect(stdout).toContain('"state":"open"');
    expect(stdout).toMatch(/"isSigned":true,"body":\{"id":"[^"]+","type":"message\.received"/);
    expect(stdout).not.toContain('"isSigned":false');
    expect(stdout).toContain('"text":"Olá!"');
    console.log(/(?:done in|pronto em) \d+ ms/.exec(stdout)?.[0]);
  },
);

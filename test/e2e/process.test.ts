/** The gateway as a process: what a person sees at start, a wrong setting, SIGTERM, a second process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Program } from './support/program.ts';

let dir: string;
let running: Program[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-process-'));
});
afterEach(async () => {
  for (const program of running) program.kill('SIGKILL');
  await Promise.all(running.map(({ exited }) => exited));
  running = [];
  await rm(dir, { recursive: true, force: true });
});

function gateway(env: Readonly<Record<string, string>> = {}): Program {
  const program = new Program('src/main.ts', [], {
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: join(dir, 'data'),
    LOG_LEVEL: 'error',
    WA_SOCKET_URL: 'ws://127.0.0.1:9/ws/chat',
    ...env,
  });
  running.push(program);
  return program;
}

describe('the process', () => {
  it('prints the key once, the URLs and the next step', async () => {
    const first = gateway();
    const [, url] = await first.says(/REST API\s+(http:\S+)\/v1/);
    const [, key] = await first.says(/Admin key\s+(elenco_\S+)/);
    await first.says(/Next: make an instance/);
    const answer = await fetch(`${url}/v1/instances`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);

    const second = gateway();
    await second.says(/the key that the first start showed/);
    expect(second.stdout).not.toContain(key);
  });

  it.each([
    ['PORT', '70000', /^elenco: PORT: got "70000", takes a whole number from 0 to 65535$/],
    ['SHARDS', 'many', /^elenco: SHARDS: got "many", takes auto/],
    [
      'RATE_LIMIT_MESSAGES',
      '5 per minute',
      /^elenco: RATE_LIMIT_MESSAGES: got "5 per minute", takes N\/<int>/,
    ],
    ['WA_ROOT_KEY', 'xyz', /^elenco: WA_ROOT_KEY: got "xyz", takes 64 hex digits$/],
    ['API_KEY', 'a b', /^elenco: API_KEY: got \(a value that is not shown\), takes/],
  ])('refuses %s=%s with one line', async (name, value, line) => {
    const program = gateway({ [name]: value });
    expect(await program.exited).toBe(1);
    expect(program.stderr.trim()).toMatch(line);
    expect(program.stderr.trim().split('\n')).toHaveLength(1);
    expect(program.stdout).toBe('');
  });

  it('a port that is taken, or a data folder that is a file, is said in one line', async () => {
    const first = gateway();
    const [, url] = await first.says(/REST API\s+(http:\S+)\/v1/);
    const { port } = new URL(url ?? '');
    const taken = gateway({ PORT: port, DATA_DIR: join(dir, 'other') });
    expect(await taken.exited).toBe(1);
    expect(taken.stderr.trim()).toMatch(/^elenco: HOST and PORT: .*EADDRINUSE.*$/);
    await writeFile(join(dir, 'file'), '');
    const misplaced = gateway({ DATA_DIR: join(dir, 'file') });
    expect(await misplaced.exited).toBe(1);
    expect(misplaced.stderr.trim()).toMatch(
      /^elenco: DATA_DIR: .* cannot be used as a folder to write in: .*$/,
    );
  });

  it('a second process on one data folder refuses to start', async () => {
    const first = gateway();
    await first.says(/Elenco is up/);
    const second = gateway();
    expect(await second.exited).toBe(1);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
  });
});

describe('SIGTERM', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.stop());

  it('stops in order, and the next start opens the instance without a QR', async () => {
    const env = { API_KEY: 'process-key', WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey };
    const headers = { authorization: 'Bearer process-key', 'content-type': 'application/json' };
    const first = gateway(env);
    const [, url] = await first.says(/REST API\s+(http:\S+)\/v1/);
    await fetch(`${url}/v1/instances`, { method: 'POST', headers, body: '{"id":"kept"}' });
    const { qr } = (await (await fetch(`${url}/v1/instances/kept/qr?wait=20`, { headers })).json()) as {
      qr: string;
    };
    await sandbox.scan(qr);
    await untilOpen(`${url}/v1/instances/kept`, headers);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);

    const second = gateway(env);
    const [, again] = await second.says(/REST API\s+(http:\S+)\/v1/);
    const seen = await untilOpen(`${again}/v1/instances/kept`, headers);
    expect(seen).not.toContain('qr');
    second.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  });
});

/** The states passed on the way to open. */
async function untilOpen(url: string, headers: Record<string, string>): Promise<string[]> {
  const seen: string[] = [];
  while (seen.at(-1) !== 'open') {
    const { state } = (await (await fetch(url, { headers })).json()) as { state: string };
    if (state !== seen.at(-1)) seen.push(state);
  }
  return seen;
}

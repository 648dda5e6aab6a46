/** How the process ends: in order, at once at the second signal, and at the deadline whatever hangs. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Program } from '../e2e/support/program.ts';

const headers = { authorization: 'Bearer stop-test-key', 'content-type': 'application/json' };
let dir: string;
let sandbox: Sandbox;
let program: Program;
let url: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-stop-'));
  sandbox = await startSandbox();
});
afterEach(async () => {
  program.kill('SIGKILL');
  await program.exited;
  await sandbox.stop();
  await rm(dir, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<void> {
  program = new Program('src/main.ts', [], {
    ...{ HOST: '127.0.0.1', PORT: '0', SHARDS: '2', DATA_DIR: join(dir, 'data'), LOG_LEVEL: 'error' },
    ...{ API_KEY: 'stop-test-key', WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey, ...env },
  });
  [, url = ''] = await program.says(/REST API\s+(http:\S+)\/v1/);
}

async function said(text: string): Promise<void> {
  while (!program.stderr.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A request that is under way for as long as its QR does not come. */
async function waitingRequest(): Promise<{ answer: Promise<number> }> {
  await fetch(`${url}/v1/instances`, { method: 'POST', headers, body: '{"id":"slow","connect":false}' });
  const asked = fetch(`${url}/v1/instances/slow/qr?wait=60`, { headers });
  const answer = asked.then(
    ({ status }) => status,
    () => 0,
  );
  // Its connection, beside the one that asks.
  for (let connections = 0; connections < 2; ) {
    const page = await (await fetch(`${url}/metrics`, { headers })).text();
    connections = Number(/^elenco_http_connections\{[^}]*\} (\d+)/m.exec(page)?.[1] ?? 0);
  }
  return { answer };
}

describe('a stop', { timeout: 90_000 }, () => {
  it('ends the process with 0 and says that it is stopping', async () => {
    await start();
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(program.stderr).toContain('SIGTERM: stopping (again: at once)');
  });

  it('refuses new work and stays alive while a request is under way, until the second signal', async () => {
    // A proxy that never answers keeps the stop from being over.
    const silent = await silentServer();
    await start({ DRAIN_TIMEOUT_MS: '60000' });
    const webhook = { url: `http://127.0.0.1:${silent.port}/` };
    await fetch(`${url}/v1/instances`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ id: 'one', webhook }),
    });
    const tested = fetch(`${url}/v1/instances/one/webhook/test`, { method: 'POST', headers }).catch(
      () => null,
    );
    await silent.connected;
    program.kill('SIGTERM');
    await said('stopping');
    program.kill('SIGTERM');
    expect(await program.exited).toBe(1);
    await tested;
    await silent.stop();
  });

  it('is forced at the deadline', async () => {
    const silent = await silentServer();
    await start({ DRAIN_TIMEOUT_MS: '300', WEBHOOK_TIMEOUT_MS: '60000' });
    const webhook = { url: `http://127.0.0.1:${silent.port}/` };
    await fetch(`${url}/v1/instances`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ id: 'one', webhook }),
    });
    const tested = fetch(`${url}/v1/instances/one/webhook/test`, { method: 'POST', headers }).catch(
      () => null,
    );
    await silent.connected;
    const from = Date.now();
    program.kill('SIGTERM');
    const code = await program.exited;
    expect(Date.now() - from).toBeLessThan(10_000);
    expect([0, 1]).toContain(code);
    await tested;
    await silent.stop();
  });

  it('a caller who waits for a QR does not use up the time of the actors: the stop is still in order', async () => {
    // How the bug worked: the front waited for its requests as long as the whole stop may take.
    // Nobody listens there, so that no QR ever comes.
    await start({ WA_SOCKET_URL: 'ws://127.0.0.1:9/ws/chat', DRAIN_TIMEOUT_MS: '5000' });
    const { answer } = await waitingRequest();
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(await answer).not.toBe(200);
  });
});

interface Silent {
  readonly port: number;
  readonly connected: Promise<void>;
  stop(): Promise<void>;
}

/** Takes connections and never answers. */
async function silentServer(): Promise<Silent> {
  const sockets = new Set<Socket>();
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    resolve();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    connected,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A message with a file that a kill of the process catches, before its upload and before its acknowledgement. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createElenco, type Elenco } from '../../src/client/elenco.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { trustedCertificate } from '../support/trusted-media.ts';
import { Program } from './support/program.ts';

const key = 'media-kill-key';
/** Sends no receipts: only the server's acknowledgement says that a message is sent. */
const contact = '5511987659009';
let sandbox: Sandbox;
let dir: string;
let program: Program | null = null;

beforeAll(async () => {
  sandbox = await startSandbox({ certificate: trustedCertificate() });
  dir = await mkdtemp(join(tmpdir(), 'elenco-media-kill-'));
});
afterEach(() => sandbox.faults.clear());
afterAll(async () => {
  await kill();
  await sandbox.stop();
  await rm(dir, { recursive: true, force: true });
});

async function kill(): Promise<void> {
  program?.kill('SIGKILL');
  await program?.exited;
  program = null;
}

async function start(): Promise<Elenco> {
  program = new Program('src/main.ts', [], {
    ...{ HOST: '127.0.0.1', PORT: '0', API_KEY: key, DATA_DIR: join(dir, 'data'), LOG_LEVEL: 'error' },
    ...{ SHARDS: '1', WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey },
    ...{ NODE_EXTRA_CA_CERTS: sandbox.caFile, RECONNECT_DELAY_MS_MIN: '50', RECONNECT_DELAY_MS_MAX: '200' },
  });
  const [, url = ''] = await program.says(/REST API\s+(http:\S+)\/v1/);
  return createElenco({ url, key, retries: 0 });
}

/** Polls what no event tells; the guard makes a hang a failure. */
async function until(isDone: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`not seen: ${what}; ${program?.stderr ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const untilState = (elenco: Elenco, state: string): Promise<void> =>
  until(
    async () => (await elenco.get('/v1/instances/{id}', { path: { id: 'one' } })).state === state,
    `the instance is ${state}`,
  );
const send = (elenco: Elenco, file: Buffer) =>
  elenco.post('/v1/instances/{id}/messages', {
    path: { id: 'one' },
    body: { to: contact, type: 'document', wait: 'queued' },
    file: new File([new Uint8Array(file)], 'act.bin'),
  });
const got = (id: string) => sandbox.receivedBy(contact).filter((message) => message.id === id);
const prepared = (): Promise<string[]> => readdir(join(dir, 'data/outgoing/one')).catch(() => []);

/** Each starts two processes. */
const limits = { timeout: 60_000 };
let elenco: Elenco;

it('is sent once, byte by byte, after a kill before its upload', limits, async () => {
  elenco = await start();
  await elenco.post('/v1/instances', { body: { id: 'one' } });
  const { qr } = await elenco.get('/v1/instances/{id}/qr', { path: { id: 'one' }, query: { wait: 20 } });
  await sandbox.scan(qr);
  await untilState(elenco, 'open');

  // WhatsApp is not there: the message waits with its file.
  sandbox.faults.door('refuse', 60_000);
  sandbox.dropConnections();
  await untilState(elenco, 'reconnecting');
  const file = randomBytes(3_000_001);
  const { id } = await send(elenco, file);
  expect(await prepared()).toEqual([id]);
  await kill();
  sandbox.faults.clear();
  elenco = await start();
  await until(() => got(id).length > 0, 'the message at the contact');
  const [received] = got(id);
  expect(received && sandbox.fileOf(received.message)?.equals(file)).toBe(true);
  await until(async () => (await prepared()).length === 0, 'the prepared file is gone');
  expect(got(id)).toHaveLength(1);
});

it('is one message, byte by byte, after a kill before its acknowledgement', limits, async () => {
  const second = randomBytes(500_000);
  await untilState(elenco, 'open');
  sandbox.faults.stanza({ effect: 'drop', tag: 'ack', count: 1 });
  const late = await send(elenco, second);
  await until(() => got(late.id).length > 0, 'the second message at the contact');
  await kill();
  elenco = await start();
  await until(async () => {
    const message = await elenco.get('/v1/instances/{id}/messages/{mid}', {
      path: { id: 'one', mid: late.id },
    });
    return message.status !== 'queued';
  }, 'the second message is known as sent');
  const copies = got(late.id);
  expect(copies.length).toBeGreaterThan(0);
  expect(copies.every(({ message }) => sandbox.fileOf(message)?.equals(second))).toBe(true);
  expect(new Set(sandbox.receivedBy(contact).map((message) => message.id)).size).toBe(2);
  await until(async () => (await prepared()).length === 0, 'nothing is left');
});

/**
 * Malformed requests on every route of a real gateway with an open instance: no 5xx, no crash, no hang, and
 * memory flat. `ELENCO_FUZZ_REQUESTS` asks for more, `ELENCO_FUZZ_SEED` for others; a failure says how to
 * send the one request again. New routes are covered by being in the table.
 */
import { Agent, request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminKey, type Stage, startStage } from '../e2e/support/stage.ts';
import { breachOf } from './support/contract.ts';
import { malform, type RawRequest } from './support/malform.ts';
import { type Operation, operations } from './support/operations.ts';

const requests = Number(process.env['ELENCO_FUZZ_REQUESTS'] ?? 2_000);
const firstSeed = Number(process.env['ELENCO_FUZZ_SEED'] ?? 1);
const atOnce = 16;
const hangMs = 25_000;
const slowMs = 2_000;
const heapGrowthMaxBytes = 24 * 1024 * 1024;
const target = 'fuzz-open';
/** For what may end an instance (methods are changed too): made again when it is gone. */
const spare = 'fuzz-spare';
const ending =
  / \/v1\/instances\/\{id\}$|\/(?:connect|disconnect|logout|restart|token|move|pairing-code|qr)$/;
/** Left out: a snapshot of a heap stands its thread still for seconds. */
const left = ['POST /monitoring/heap-snapshot'];

let stage: Stage;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
beforeAll(async () => {
  const limits = ['MESSAGES', 'INSTANCES', 'QUERIES', 'GLOBAL'].map((name) => [`RATE_LIMIT_${name}`, 'off']);
  stage = await startStage({ ...Object.fromEntries(limits), MAX_INSTANCES: '1000' });
  await stage.openInstance(target);
});
afterAll(async () => {
  agent.destroy();
  await stage.stop();
});

interface Outcome {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

/** The answer; status 0 where the connection was ended, which is an answer to some requests. */
function send({ method, path, headers, body, isCut }: RawRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(stage.gateway.url);
    const options = { hostname, port, method, path, headers, agent, setHost: !('host' in headers) };
    const length = body ? { 'content-length': String(body.length) } : {};
    let text = '';
    let type: string | null = null;
    const done = (status: number): void => {
      clearTimeout(guard);
      resolve({ status, type, text });
    };
    const sent = request({ ...options, headers: { ...headers, ...length } }, (response) => {
      const status = response.statusCode ?? 0;
      type = response.headers['content-type'] ?? null;
      response.on('data', (part) => (text += part));
      response.on('error', () => done(status));
      response.on('end', () => done(status));
      if (response.headers['content-type'] === 'text/event-stream') {
        response.destroy();
        done(status);
      }
    });
    const guard = setTimeout(() => {
      text = 'no answer';
      sent.destroy();
      done(-1);
    }, hangMs);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      done(response.statusCode ?? 0);
    });
    sent.on('error', () => done(0));
    if (isCut && body) {
      sent.write(body.subarray(0, Math.floor(body.length / 2)));
      setImmediate(() => sent.destroy());
    } else sent.end(body ?? undefined);
  });
}

/** Node refuses to send some of them; those are the sender's, and count for nothing. */
async function trySend(raw: RawRequest): Promise<Outcome | null> {
  try {
    return await send(raw);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** A type of message that is not built is answered 501, as the contract has it; nothing else is a 5xx. */
const unbuilt: readonly unknown[] = ['list', 'buttons'];
function isFine({ status, text }: Outcome, { path }: Operation, body: Buffer | null): boolean {
  if (status >= 0 && status < 500) return true;
  const isSend = path === '/v1/instances/{id}/messages' && status === 501;
  return isSend && text.includes('"not_supported"') && unbuilt.includes(JSON.parse(String(body)).type);
}

/** Against /openapi.json, where a route answered: Node itself refuses what is no HTTP, without a body. */
function breachIn(outcome: Outcome, { method, path }: RawRequest): string | null {
  return outcome.type?.includes('json') ? breachOf(method, path, outcome) : null;
}

const replay = (seed: number): string =>
  `ELENCO_FUZZ_SEED=${seed} ELENCO_FUZZ_REQUESTS=1 npx vitest run test/api/malformed.test.ts`;

async function keepSpare(): Promise<void> {
  if (stage.gateway.commands.getInstance(spare)) return;
  const made = await stage.call('POST', '/v1/instances', { id: spare, connect: false });
  expect([201, 409]).toContain(made.status);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it(`${requests} malformed requests from seed ${firstSeed}: refused, and nothing else`, async () => {
  const asked = operations.filter(({ name }) => !left.includes(name));
  const bad: string[] = [];
  const statuses = new Map<number, number>();
  const reached = new Set<string>();
  const slow: string[] = [];
  let settledBytes = 0;
  async function one(seed: number, operation: Operation): Promise<void> {
    const isEnding = ending.test(operation.name);
    if (isEnding) await keepSpare();
    const raw = malform(operation, isEnding ? spare : target, adminKey, seed);
    const startedAt = performance.now();
    const outcome = await trySend(raw);
    const tookMs = performance.now() - startedAt;
    if (tookMs > slowMs)
      slow.push(`${Math.round(tookMs)} ms ${raw.method} ${raw.path.slice(0, 80)} seed ${seed}`);
    if (!outcome) return;
    reached.add(operation.name);
    statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
    const breach = breachIn(outcome, raw);
    if (isFine(outcome, operation, raw.body) && !breach) return;
    const what = `${operation.name}: ${raw.method} ${raw.path.slice(0, 200)} ${raw.body?.toString().slice(0, 300) ?? ''}`;
    bad.push(`${outcome.status} ${breach ?? outcome.text.slice(0, 400)}\n  ${what}\n  ${replay(seed)}`);
  }
  for (let sent = 0; sent < requests; sent += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, requests - sent) }, (_, index) => sent + index);
    await Promise.all(
      batch.map((index) => {
        const seed = firstSeed + index;
        return one(seed, asked[seed % asked.length] as Operation);
      }),
    );
    if (sent < requests / 2) settledBytes = 0;
    else if (settledBytes === 0) settledBytes = heapBytes();
  }
  console.log(
    `statuses: ${[...statuses]
      .sort()
      .map((pair) => pair.join('×'))
      .join(' ')}`,
  );
  if (slow.length > 0) console.log(`slow:\n${slow.join('\n')}`);
  expect(bad).toEqual([]);
  if (requests >= 1_000) {
    expect(reached.size).toBe(asked.length);
    expect(heapBytes() - settledBytes).toBeLessThan(heapGrowthMaxBytes);
  }
  const alive = await stage.call('GET', `/v1/instances/${target}`);
  expect(alive).toMatchObject({ status: 200, body: { state: 'open' } });
  const body = { type: 'text', to: '5511970001234', text: 'still here' };
  expect((await stage.call('POST', `/v1/instances/${target}/messages`, body)).status).toBe(201);
}, 240_000);

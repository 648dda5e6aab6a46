/**
 * Rate limits of a real gateway over real sockets that come from several addresses: counted by class, address
 * and key, told in headers; who is believed about the address of a client.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { adminKey, type Stage, startStage } from './support/stage.ts';

const limit = 3;
const proxy = '127.0.0.9';
let stage: Stage;
let token: string;
/** A fresh address a test: the counts of one are nothing to another. */
let lastHost = 20;
let here: string;

beforeAll(async () => {
  stage = await startStage({
    SHARDS: '1',
    TRUSTED_PROXIES: `${proxy}/32`,
    RATE_LIMIT_MESSAGES: `${limit}/1m`,
    RATE_LIMIT_INSTANCES: `${limit}/5m`,
    RATE_LIMIT_QUERIES: `${limit}/1m`,
    RATE_LIMIT_GLOBAL: `${limit}/2s`,
  });
  const made = await stage.elenco().post('/v1/instances', { body: { id: 'a', connect: false } });
  token = made.token ?? '';
});
afterAll(() => stage.stop());
beforeEach(() => {
  lastHost += 1;
  here = `127.0.0.${lastHost}`;
});

interface Asked {
  readonly from?: string;
  readonly key?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request over a socket of its own that leaves from `from`. */
function ask(path: string, { from = here, key = adminKey, method = 'GET', headers = {}, body }: Asked = {}) {
  const { hostname, port } = new URL(stage.gateway.url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise<Heard>((resolve, reject) => {
    const sent = request(
      {
        ...{ hostname, port, path, method, localAddress: from, agent: false },
        headers: { authorization: `Bearer ${key}`, ...type, ...headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const { statusCode: status = 0, headers: told } = response;
          resolve({ status, headers: told, text: Buffer.concat(parts).toString() });
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

const several = async (count: number, path: string, asked: Asked = {}): Promise<number[]> => {
  const statuses: number[] = [];
  for (let index = 0; index < count; index++) statuses.push((await ask(path, asked)).status);
  return statuses;
};
const fine = (status: number): number[] => Array.from({ length: limit }, () => status);
const query = '/v1/instances/a';

it('every answer tells the limit; one more is 429 with Retry-After', async () => {
  for (let left = limit - 1; left >= 0; left--) {
    const { status, headers } = await ask(query);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(left),
    });
    expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0);
    expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
  }
  const { status, headers, text } = await ask(query);
  expect(status).toBe(429);
  expect(headers).toMatchObject({
    'content-type': expect.stringContaining('application/problem+json'),
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': '0',
    'retry-after': headers['ratelimit-reset'],
  });
  expect(JSON.parse(text)).toMatchObject({ code: 'rate_limited', status: 429, instance: query });
});

it('counts each address and each key apart', async () => {
  expect(await several(limit + 1, query)).toEqual([...fine(200), 429]);
  expect((await ask(query, { from: '127.0.0.250' })).status).toBe(200);
  expect(await several(limit + 1, query, { key: token })).toEqual([...fine(200), 429]);
  expect((await ask(query, { key: token, from: '127.0.0.250' })).status).toBe(200);
});

it('counts each class apart', async () => {
  const send = { method: 'POST', body: { type: 'text', to: '5511970001234', text: 'x' } };
  expect(await several(limit + 1, query)).toEqual([...fine(200), 429]);
  // Messages: refused by the instance, which is not open, and counted all the same.
  expect(await several(limit + 1, `${query}/messages`, send)).toEqual([...fine(409), 429]);
  expect(await several(limit + 1, `${query}/disconnect`, { method: 'POST' })).toEqual([...fine(202), 429]);
  expect(await several(limit + 1, '/v1/dead-letters/replay', { method: 'POST' })).toEqual([
    ...fine(200),
    429,
  ]);
});

it('of many at once exactly as many pass as the limit says', async () => {
  const statuses = (await Promise.all(Array.from({ length: 40 }, () => ask(query)))).map(
    ({ status }) => status,
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(limit);
  expect(statuses.filter((status) => status === 429)).toHaveLength(40 - limit);
});

it('the limit comes back after its time', async () => {
  const asked = { method: 'POST' };
  const path = '/v1/dead-letters/replay';
  expect(await several(limit + 1, path, asked)).toEqual([...fine(200), 429]);
  let status = 429;
  while (status === 429) ({ status } = await ask(path, asked));
  expect(status).toBe(200);
});

it('wrong keys are counted by address, and never lock a right key out', async () => {
  expect(await several(limit + 1, query, { key: 'wrong' })).toEqual([...fine(401), 429]);
  expect((await ask(query)).status).toBe(200);
});

it('X-Forwarded-For of a trusted proxy is the client; clients behind it are counted apart', async () => {
  const behind = (client: string): Asked => ({ from: proxy, headers: { 'x-forwarded-for': client } });
  expect(await several(limit + 1, query, behind('203.0.113.1'))).toEqual([...fine(200), 429]);
  expect((await ask(query, behind('203.0.113.2'))).status).toBe(200);
  // What a client wrote itself stands left of what the proxy saw.
  const spoofed = [1, 2, 3, 4].map((host) => ask(query, behind(`198.51.100.${host}, 203.0.113.3`)));
  expect((await Promise.all(spoofed)).map(({ status }) => status).sort()).toEqual([...fine(200), 429]);
});

it('X-Forwarded-For of anybody else is not believed', async () => {
  const statuses: number[] = [];
  for (let host = 1; host <= limit + 1; host++) {
    const headers = { 'x-forwarded-for': `203.0.113.${100 + host}` };
    statuses.push((await ask(query, { headers })).status);
  }
  expect(statuses).toEqual([...fine(200), 429]);
});

/** Rate limits over real HTTP: classes, key parts, headers, strangers, trusted proxies. */
import { describe, expect, it } from 'vitest';
import { anonymousClientsMax } from '../../src/http/limits.ts';
import { createRateLimits } from '../../src/http/rate-limits.ts';
import { anonymousKey, createRemoteAddress } from '../../src/http/remote-address.ts';
import { startTestFront } from './support/start.ts';

const text = { to: '5511988887777', type: 'text', text: 'hi' };

describe('rate limits', () => {
  it('every limited answer carries the headers; beyond the limit 429 with Retry-After', async () => {
    await using t = await startTestFront({ RATE_LIMIT_QUERIES: '2/1m' });
    t.commands.seed('a');
    const first = await t.ask('GET', '/v1/instances/a');
    expect(first.headers.get('ratelimit-limit')).toBe('2');
    expect(first.headers.get('ratelimit-remaining')).toBe('1');
    expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(50);
    expect((await t.ask('GET', '/v1/instances/a')).status).toBe(200);
    const over = await t.ask('GET', '/v1/instances/a');
    expect([over.status, over.body.code]).toEqual([429, 'rate_limited']);
    expect(over.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(over.body.detail).toContain('2 requests of class "queries"');
  });

  it('headers stand on refusals as well', async () => {
    await using t = await startTestFront();
    const refused = await t.ask('GET', '/v1/instances/unknown');
    expect([refused.status, refused.headers.get('ratelimit-limit')]).toEqual([404, '1000']);
    const stranger = await t.ask('GET', '/v1/instances', { key: null });
    expect([stranger.status, stranger.headers.get('ratelimit-limit')]).toEqual([401, '2000']);
  });

  it('messages are counted by key and instance, apart from queries and instance operations', async () => {
    await using t = await startTestFront({ RATE_LIMIT_MESSAGES: '1/1m', RATE_LIMIT_INSTANCES: '1/1m' });
    const key = t.commands.seed('a');
    t.commands.seed('b');
    const send = (id: string, options = {}) =>
      t.ask('POST', `/v1/instances/${id}/messages`, { body: text, ...options });
    expect((await send('a')).status).toBe(201);
    expect((await send('a')).status).toBe(429);
    expect((await send('b')).status).toBe(201);
    expect((await send('a', { key })).status).toBe(201);
    expect((await t.ask('GET', '/v1/instances/a')).status).toBe(200);
    expect((await t.ask('POST', '/v1/instances/a/connect')).status).toBe(202);
    expect((await t.ask('POST', '/v1/instances/b/connect')).status).toBe(429);
  });

  it('a class that is off is not limited and shows no headers; health is never limited', async () => {
    await using t = await startTestFront({ RATE_LIMIT_QUERIES: 'off', RATE_LIMIT_GLOBAL: '1/1m' });
    const reply = await t.ask('GET', '/v1/instances');
    expect([reply.status, reply.headers.get('ratelimit-limit')]).toEqual([200, null]);
    for (let round = 0; round < 3; round += 1) expect((await t.ask('GET', '/health/live')).status).toBe(200);
  });

  it('strangers are counted by address; a right key still passes where they are refused', async () => {
    await using t = await startTestFront({ RATE_LIMIT_GLOBAL: '2/1m' });
    const wrong = () => t.ask('GET', '/v1/instances', { key: 'wrong' });
    expect([(await wrong()).status, (await wrong()).status, (await wrong()).status]).toEqual([401, 401, 429]);
    expect((await t.ask('GET', '/v1/instances')).status).toBe(200);
  });

  it('the address comes from X-Forwarded-For only when the peer is a trusted proxy', async () => {
    const ask = async (env: Record<string, string>) => {
      await using t = await startTestFront({ RATE_LIMIT_QUERIES: '1/1m', ...env });
      const from = (ip: string) => t.ask('GET', '/v1/instances', { headers: { 'x-forwarded-for': ip } });
      return [(await from('203.0.113.1')).status, (await from('203.0.113.2')).status];
    };
    expect(await ask({})).toEqual([200, 429]);
    expect(await ask({ TRUSTED_PROXIES: '127.0.0.0/8' })).toEqual([200, 200]);
  });
});

describe('the address of a client', () => {
  const trusting = createRemoteAddress(['10.0.0.0/8', 'fd00::/8', '127.0.0.1/32']);
  it.each([
    ['the peer without a header', '10.0.0.1', undefined, '10.0.0.1'],
    ['an untrusted peer whatever it says', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['the hop before a trusted peer', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['the first untrusted hop from the right', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.2.2.2', '1.2.3.4'],
    ['the last hop where all are trusted', '10.0.0.1', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['a mapped IPv4 as IPv4', '::ffff:10.0.0.1', '::ffff:1.2.3.4', '1.2.3.4'],
    ['IPv6 with brackets and port', 'fd00::1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv4 with port', '127.0.0.1', '1.2.3.4:999', '1.2.3.4'],
    ['the trusted peer where the hop is no address', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['something where there is no peer', undefined, '1.2.3.4', 'unknown'],
  ])('is %s', (_, peer, header, expected) => {
    expect(trusting.of(peer, header)).toBe(expected);
  });

  it('strangers of one IPv6 /64 are one', () => {
    expect(anonymousKey('2001:db8::1')).toBe(anonymousKey('2001:db8::ffff:2'));
    expect(anonymousKey('2001:db8:0:1::1')).not.toBe(anonymousKey('2001:db8::1'));
    expect(anonymousKey('1.2.3.4')).toBe('1.2.3.4');
  });
});

it('the table of strangers is bounded: the oldest count is forgotten, callers are not touched', async () => {
  const limit = { points: 1, periodMs: 60_000 };
  const limits = createRateLimits({ messages: limit, instances: limit, queries: limit, global: limit });
  await limits.count('global', 'a caller');
  await limits.countAnonymous('first');
  for (let index = 0; index < anonymousClientsMax; index += 1)
    await limits.countAnonymous(`stranger ${index}`);
  expect(await limits.countAnonymous('first')).toMatchObject({ isOver: false });
  expect(await limits.countAnonymous(`stranger ${anonymousClientsMax - 1}`)).toMatchObject({ isOver: true });
  expect(await limits.count('global', 'a caller')).toMatchObject({ isOver: true });
});

/** Keys: the three headers, and what each kind of key may do (DECISIONS 22). */
import { describe, expect, it } from 'vitest';
import { adminKey } from './support/fake-commands.ts';
import { startTestFront } from './support/start.ts';

describe('keys', () => {
  it.each([
    ['Authorization: Bearer', { authorization: `Bearer ${adminKey}` }],
    ['authorization: bearer', { authorization: `bearer  ${adminKey}` }],
    ['X-API-Key', { 'x-api-key': adminKey }],
    ['apikey', { apikey: adminKey }],
  ])('are taken from %s', async (_, headers) => {
    await using t = await startTestFront();
    expect((await t.ask('GET', '/v1/instances', { key: null, headers })).status).toBe(200);
  });

  it('are not taken from Basic authorization or the query', async () => {
    await using t = await startTestFront();
    const headers = { authorization: `Basic ${adminKey}` };
    expect((await t.ask('GET', '/v1/instances', { key: null, headers })).status).toBe(401);
    expect((await t.ask('GET', `/v1/instances?apikey=${adminKey}`, { key: null })).status).toBe(401);
  });

  it('METRICS_TOKEN reads /metrics and so does the admin key', async () => {
    await using t = await startTestFront({ METRICS_TOKEN: 'only-metrics' });
    for (const key of ['only-metrics', adminKey]) {
      const reply = await t.ask('GET', '/metrics', { key });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(reply.text).toContain('up 1');
    }
    expect((await t.ask('GET', '/v1/instances', { key: 'only-metrics' })).status).toBe(403);
    expect((await t.ask('GET', '/metrics', { key: t.commands.seed('a') })).status).toBe(403);
  });

  it('no key is needed for health, the description and the docs page', async () => {
    await using t = await startTestFront();
    for (const path of ['/health/live', '/health/ready', '/monitoring/health', '/openapi.json', '/docs']) {
      expect((await t.ask('GET', path, { key: null })).status, path).toBe(200);
    }
  });

  it('an instance token uses every route of its own instance but move', async () => {
    await using t = await startTestFront();
    const key = t.commands.seed('a');
    expect((await t.ask('GET', '/v1/instances/a', { key })).status).toBe(200);
    const body = { to: '5511988887777', type: 'text', text: 'hi' };
    expect((await t.ask('POST', '/v1/instances/a/messages', { key, body })).status).toBe(201);
    expect((await t.ask('GET', '/v1/instances/a/messages/NONE', { key })).body.code).toBe('not_found');
  });
});

/** Instances over real HTTP: the shapes of the contract, once-only secrets, filters by key. */
import { describe, expect, it } from 'vitest';
import { instanceSchema } from '../../src/http/schemas/instance.ts';
import { testSecret } from './support/fake-commands.ts';
import { startTestFront } from './support/start.ts';

describe('instances', () => {
  it('creates one and shows its token and webhook secret in this answer only', async () => {
    await using t = await startTestFront();
    const body = {
      id: 'sales-1',
      webhook: { url: 'https://example.com/hook' },
      proxy: { url: 'http://user:hush@proxy.example.com:3128' },
      metadata: { team: 'sales' },
    };
    const made = await t.ask('POST', '/v1/instances', { body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: 'sales-1', token: 'token-of-sales-1', webhookSecret: testSecret });
    const read = await t.ask('GET', '/v1/instances/sales-1');
    expect(instanceSchema.strict().parse(read.body)).toEqual(read.body);
    expect(read.body.createdAt).toBe('2026-01-02T03:04:05.678Z');
    expect(read.body.webhook).toEqual({
      url: 'https://example.com/hook',
      events: ['*'],
      headers: {},
      ordered: true,
      enabled: true,
    });
    expect(read.body.proxy).toEqual({ url: 'http://user@proxy.example.com:3128/' });
    expect(read.text).not.toContain('hush');
    expect(read.text).not.toContain('whsec_');
  });

  it('creates one from an absent body', async () => {
    await using t = await startTestFront();
    const made = await t.ask('POST', '/v1/instances');
    expect(made.status).toBe(201);
    expect(made.body.token).toBe('token-of-made-0');
  });

  it('pages and filters the list; a token sees its own only', async () => {
    await using t = await startTestFront();
    const token = t.commands.seed('a');
    t.commands.seed('b');
    t.commands.seed('c');
    const first = await t.ask('GET', '/v1/instances?limit=2');
    expect(first.body).toMatchObject({ items: [{ id: 'a' }, { id: 'b' }] });
    const second = await t.ask('GET', `/v1/instances?limit=2&cursor=${first.body.next}`);
    expect(second.body).toMatchObject({ items: [{ id: 'c' }] });
    expect(second.body.next).toBeNull();
    const own = await t.ask('GET', '/v1/instances', { key: token });
    expect(own.body).toMatchObject({ items: [{ id: 'a' }] });
    const none = await t.ask('GET', '/v1/instances?state=open');
    expect(none.body).toEqual({ items: [], next: null });
  });

  it('changes and deletes', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const changed = await t.ask('PATCH', '/v1/instances/a', { body: { settings: { readMessages: true } } });
    expect(changed.body.settings?.readMessages).toBe(true);
    expect(changed.body.webhookSecret).toBeNull();
    const gone = await t.ask('DELETE', '/v1/instances/a?logout=true');
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(t.commands.calls).toContain('deleteInstance logout=true');
  });

  it.each([
    ['connect', 'connecting'],
    ['disconnect', 'stopped'],
    ['restart', 'connecting'],
    ['logout', 'logged_out'],
  ])('%s answers 202 with the instance', async (action, state) => {
    await using t = await startTestFront();
    const token = t.commands.seed('a');
    const answer = await t.ask('POST', `/v1/instances/a/${action}`, { key: token });
    expect(answer.status).toBe(202);
    expect(answer.body.state).toBe(state);
  });

  it('moves to a shard that exists, for the admin key only', async () => {
    await using t = await startTestFront();
    const token = t.commands.seed('a');
    expect((await t.ask('POST', '/v1/instances/a/move', { body: { shard: 1 } })).body.shard).toBe(1);
    const beyond = await t.ask('POST', '/v1/instances/a/move', { body: { shard: 2 } });
    expect([beyond.status, beyond.body.detail]).toEqual([400, 'shard: takes 0 to 1, got 2']);
    const refused = await t.ask('POST', '/v1/instances/a/move', { body: { shard: 1 }, key: token });
    expect(refused.body.code).toBe('forbidden');
  });

  it('makes a new token', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const answer = await t.ask('POST', '/v1/instances/a/token');
    expect(answer.body).toEqual({ token: 'rotated-token-of-a' });
  });
});

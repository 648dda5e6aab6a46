/** Bad input on every route gives the problem document that the contract names. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { problemSchema } from '../../src/http/schemas/common.ts';
import { isAboutInstance, isStream, type RouteCase, routeCases } from './support/cases.ts';
import { type Reply, startTestFront, type TestFront } from './support/start.ts';

let t: TestFront;
beforeAll(async () => {
  const off = { RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_INSTANCES: 'off' };
  t = await startTestFront({
    ...off,
    RATE_LIMIT_QUERIES: 'off',
    RATE_LIMIT_GLOBAL: 'off',
    METRICS_TOKEN: 'metrics-1',
  });
});
afterAll(() => t.front.stop());
beforeEach(() => {
  t.commands.instances.clear();
  t.commands.seed('a', { webhook: { url: 'https://example.com/hook' } });
  t.commands.seed('b');
  return t.commands.setWebhook('*', { url: 'https://example.com/all' });
});

function expectProblem(reply: Reply, code: keyof typeof errorCodes, path: string): void {
  expect(reply.body.code, reply.text).toBe(code);
  expect(reply.status).toBe(errorCodes[code].status);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  problemSchema.parse(reply.body);
  expect(reply.body.instance).toBe(path);
  expect(reply.body.title).toBe(errorCodes[code].title);
}

const named = (cases: readonly RouteCase[]) => cases.map((route) => [route.name, route] as const);
const mayBeAbsent = ['post /v1/instances', 'post /v1/instances/{id}/chats/{chat}/read'];
const withBody = routeCases.filter(({ route }) => route.body !== undefined);
const keyed = routeCases.filter(({ route }) => route.access !== 'open');
const aboutInstance = routeCases.filter(isAboutInstance);

it('every route with a body has a good one in the table', () => {
  for (const { name, body } of withBody) expect(body, name).toBeDefined();
});

describe('good input is taken by', () => {
  it.each(named(routeCases.filter((route) => !isStream(route))))('%s', async (_, route) => {
    const reply = await t.ask(route.method, route.path('a'), { body: route.body });
    expect(Object.keys(route.route.answers), reply.text).toContain(String(reply.status));
  });
});

describe('a missing or wrong key is 401 on', () => {
  it.each(named(keyed))('%s', async (_, route) => {
    for (const key of [null, 'wrong-key', '']) {
      const reply = await t.ask(route.method, route.path('a'), { key, body: route.body });
      expectProblem(reply, 'unauthorized', route.path('a'));
      expect(reply.headers.get('www-authenticate')).toContain('Bearer');
    }
  });
});

describe('the metrics token is 403 on', () => {
  it.each(named(keyed.filter(({ route }) => route.access !== 'metrics')))('%s', async (_, route) => {
    const reply = await t.ask(route.method, route.path('a'), { key: 'metrics-1', body: route.body });
    expectProblem(reply, 'forbidden', route.path('a'));
  });
});

describe('an instance token is 403 on', () => {
  it.each(named(keyed.filter(({ route }) => route.access !== 'key')))('admin route %s', async (_, route) => {
    const reply = await t.ask(route.method, route.path('a'), { key: 'token-of-a', body: route.body });
    expectProblem(reply, 'forbidden', route.path('a'));
  });

  it.each(named(aboutInstance))('another or an unknown instance: %s', async (_, route) => {
    for (const instance of ['b', 'unknown']) {
      const reply = await t.ask(route.method, route.path(instance), { key: 'token-of-a', body: route.body });
      expectProblem(reply, 'forbidden', route.path(instance));
    }
  });
});

describe('an unknown instance is 404 to the admin key on', () => {
  it.each(named(aboutInstance))('%s', async (_, route) => {
    const reply = await t.ask(route.method, route.path('unknown'), { body: route.body });
    expectProblem(reply, 'instance_not_found', route.path('unknown'));
  });
});

describe('a body that is', () => {
  it.each(named(withBody))('malformed JSON is 400 on %s', async (_, route) => {
    const reply = await t.ask(route.method, route.path('a'), { raw: '{"to": ' });
    expectProblem(reply, 'validation_failed', route.path('a'));
    expect(reply.body).toMatchObject({
      errors: [{ path: '', message: expect.stringContaining('malformed JSON') }],
    });
  });

  it.each(named(withBody))('of wrong types is 400 on %s', async (_, route) => {
    const wrong = Object.fromEntries(Object.keys(route.body as object).map((name) => [name, -7.5]));
    for (const body of [wrong, [], 'text', 7, null, { ...(route.body as object), surplus: 1 }]) {
      const reply = await t.ask(route.method, route.path('a'), { body });
      expectProblem(reply, 'validation_failed', route.path('a'));
      expect(reply.body.errors).toBeInstanceOf(Array);
    }
  });

  it.each(named(withBody))('of another type is 415 on %s', async (_, route) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonish', '']) {
      const options = { raw: JSON.stringify(route.body), headers: { 'content-type': type } };
      expectProblem(
        await t.ask(route.method, route.path('a'), options),
        'unsupported_media_type',
        route.path('a'),
      );
    }
  });

  it.each(named(withBody))('too large is 413 on %s', async (_, route) => {
    const raw = JSON.stringify({ surplus: 'x'.repeat(262_144) });
    expectProblem(await t.ask(route.method, route.path('a'), { raw }), 'body_too_large', route.path('a'));
  });

  it.each(named(withBody.filter(({ name }) => !mayBeAbsent.includes(name))))(
    'missing is 400 on %s',
    async (_, route) => {
      expectProblem(await t.ask(route.method, route.path('a')), 'validation_failed', route.path('a'));
    },
  );
});

describe('elsewhere', () => {
  it.each(named(routeCases))('a method that nobody serves is 405 with Allow: %s', async (_, route) => {
    const reply = await t.ask('OPTIONS', route.path('a'));
    expectProblem(reply, 'method_not_allowed', route.path('a'));
    expect(reply.headers.get('allow')?.split(', ')).toContain(route.method);
  });

  it('an unknown path is 404', async () => {
    for (const path of ['/v1/nothing', '/', '/v1/instances/a/nothing', '/v2/instances', '/v1/instances/']) {
      expectProblem(await t.ask('GET', path), 'not_found', path);
    }
  });

  it.each([
    [{ webhook: { url: 'nowhere' } }, 'webhook.url'],
    [{ webhook: { url: 'https://example.com', colour: 'red' } }, 'webhook.colour'],
    [{ webhook: 'https://example.com' }, 'webhook'],
    [{ settings: { readMessages: 'yes' } }, 'settings.readMessages'],
    [{ settings: { sendDelayMsMin: 2, sendDelayMsMax: 1 } }, 'settings'],
    [{ proxy: { url: 'gopher://x' } }, 'proxy.url'],
    [{ metadata: { text: 'x'.repeat(17_000) } }, 'metadata'],
  ])('a wrong member deep in the body is named: %#', async (body, field) => {
    const reply = await t.ask('PATCH', '/v1/instances/a', { body });
    expectProblem(reply, 'validation_failed', '/v1/instances/a');
    expect(reply.body).toMatchObject({ errors: [{ path: field }] });
  });

  it.each([
    ['/v1/instances?limit=0', 'query.limit'],
    ['/v1/instances?limit=201', 'query.limit'],
    ['/v1/instances?limit=ten', 'query.limit'],
    ['/v1/instances?state=sleeping', 'query.state'],
    ['/v1/instances/a/qr?wait=61', 'query.wait'],
    ['/v1/instances/a/webhook/deliveries?status=lost', 'query.status'],
    ['/v1/events?types=message.received,nothing', 'query.types.1'],
    ['/v1/events?after=yesterday', 'query.after'],
  ])('a wrong query is 400 and names the field: %s', async (path, field) => {
    const reply = await t.ask('GET', path);
    expectProblem(reply, 'validation_failed', path.slice(0, path.indexOf('?')));
    expect(reply.body).toMatchObject({ errors: [{ path: field }] });
  });
});

/**
 * A token never sees another instance: every route of the table is asked with the wrong token, with the
 * metrics token and without a key, and no answer has anything of the other instance. New routes are covered
 * by being in the table.
 */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { adminKey, type Stage, startStage } from '../e2e/support/stage.ts';
import { breachOf } from './support/contract.ts';
import { fill, type Operation, operations } from './support/operations.ts';

const own = 'walk-own';
const other = 'walk-other';
const contact = '5511970001234';
const secretText = 'nobody else may read this';
const metricsToken = 'metrics-only-token';

let stage: Stage;
let token: string;
/** What identifies the other instance. */
let traces: string[];
/** Ids of things of the other instance, by path parameter. */
let foreign: Readonly<Record<string, string>>;

beforeAll(async () => {
  const limits = ['MESSAGES', 'INSTANCES', 'QUERIES', 'GLOBAL'].map((name) => [`RATE_LIMIT_${name}`, 'off']);
  stage = await startStage({ ...Object.fromEntries(limits), METRICS_TOKEN: metricsToken });
  token = (await stage.openInstance(own)).token;
  const opened = await stage.openInstance(other);
  const got = () => stage.hook.of('message.received').find(({ data }) => data.text === secretText);
  stage.hook.status = 410;
  await stage.sandbox.sendFrom(contact, opened.phone, 'dead letter');
  const admin = stage.elenco();
  let eventId: string | undefined;
  await stage.until(() => {
    void admin.get('/v1/dead-letters', { query: { instance: other } }).then(({ items }) => {
      eventId = items.find(({ type }) => type === 'message.received')?.eventId;
    });
    return eventId !== undefined;
  }, 'a dead letter of the other instance');
  stage.hook.status = 200;
  await stage.sandbox.sendFrom(contact, opened.phone, secretText);
  await stage.hook.until(() => got() !== undefined, 'a message of the other instance');
  traces = [opened.phone, secretText, contact];
  foreign = { mid: got()?.data.id as string, eventId: eventId ?? '', chat: `${contact}@s.whatsapp.net` };
});
afterAll(() => stage.stop());

const keyed = operations.filter(({ route }) => route.access !== 'open');
const aboutInstance = keyed.filter(({ path }) => path.startsWith('/v1/instances/{id}'));
const isStream = ({ path }: Operation): boolean => path.startsWith('/v1/events');
const named = (list: readonly Operation[]) => list.map((operation) => [operation.name, operation] as const);
const pathOf = ({ path }: Operation, id: string): string =>
  fill(path, (name) => encodeURIComponent(name === 'id' ? id : (foreign[name] ?? foreign['chat'] ?? '')));

async function ask({ method, body }: Operation, path: string, key: string | null) {
  const response = await fetch(`${stage.gateway.url}${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const { status } = response;
  const text = await response.text();
  expect(breachOf(method, path, { status, type: response.headers.get('content-type'), text })).toBeNull();
  return { status, text };
}

/** What was asked with is no secret: the path is repeated in a problem document. */
function expectNothing(text: string, asked: string, more: readonly string[] = []): void {
  const told = text.replaceAll(decodeURIComponent(asked), '').replaceAll(asked, '');
  for (const trace of [...traces, ...more]) expect(told).not.toContain(trace);
}

describe('without a key', () => {
  it.each(named(keyed))('401: %s', async (_, operation) => {
    const path = pathOf(operation, other);
    const { status, text } = await ask(operation, path, null);
    expect(status).toBe(401);
    expectNothing(text, path, [other]);
  });
});

describe('with the metrics token', () => {
  it.each(named(keyed.filter(({ route }) => route.access !== 'metrics')))('403: %s', async (_, operation) => {
    const path = pathOf(operation, other);
    const { status, text } = await ask(operation, path, metricsToken);
    expect([status, text]).toEqual([403, expect.stringContaining('"forbidden"')]);
    expectNothing(text, path);
  });
});

describe('with the token of another instance', () => {
  it.each(named(aboutInstance))('403, and the same where there is none: %s', async (_, operation) => {
    for (const id of [other, 'walk-nobody']) {
      const path = pathOf(operation, id);
      const { status, text } = await ask(operation, path, token);
      expect([status, text]).toEqual([403, expect.stringContaining('"forbidden"')]);
      expectNothing(text, path);
    }
  });

  it.each(named(keyed.filter(({ route }) => route.access !== 'key')))('403: %s', async (_, operation) => {
    const path = pathOf(operation, own);
    const { status, text } = await ask(operation, path, token);
    expect(status).toBe(403);
    expectNothing(text, path, [other]);
  });

  // The WebSocket is asked below, with a handshake.
  it.each(named(keyed.filter(({ path, query }) => query.includes('instance') && !path.endsWith('/ws'))))(
    '403 where it asks for the other one: %s',
    async (_, operation) => {
      const path = `${pathOf(operation, own)}?instance=${other}`;
      const { status, text } = await ask(operation, path, token);
      expect(status).toBe(403);
      expectNothing(text, path);
    },
  );

  const lists = keyed.filter((one) => one.route.access === 'key' && !isStream(one));
  it.each(named(lists.filter(({ path }) => !path.includes('{id}'))))(
    'nothing of the other instance: %s',
    async (_, operation) => {
      const path = pathOf(operation, own);
      const { status, text } = await ask(operation, path, token);
      expect([200, 201, 202, 204, 404]).toContain(status);
      expectNothing(text, path, [other]);
    },
  );

  // Those that end the instance come last, in the order of the table they would come too early.
  const ending = /^DELETE \/v1\/instances\/\{id\}$|\/(?:disconnect|logout|restart|token|move)$/;
  const inside = aboutInstance.filter(
    (one) => one.route.access === 'key' && one.path.split('{').length > 2 && !ending.test(one.name),
  );
  it.each(named(inside))('ids of the other instance lead nowhere under its own: %s', async (_, operation) => {
    const path = pathOf(operation, own);
    const { text } = await ask(operation, path, token);
    for (const trace of [secretText, other]) expect(text.replaceAll(path, '')).not.toContain(trace);
  });
});

it('what the walk asked for changed nothing of the other instance', async () => {
  const view = await stage.elenco().get('/v1/instances/{id}', { path: { id: other } });
  expect(view).toMatchObject({ id: other, state: 'open', webhook: { url: stage.hook.url } });
  const { items } = await stage.elenco().get('/v1/dead-letters', { query: { instance: other } });
  expect(items.map(({ eventId }) => eventId)).toContain(foreign['eventId']);
});

/** The status with which a handshake of the event WebSocket is answered; 101 where it opens. */
async function handshake(query: string, key: string | null): Promise<number> {
  const url = `${stage.gateway.url.replace('http', 'ws')}/v1/events/ws${query}`;
  const socket = new WebSocket(url, key === null ? {} : { headers: { authorization: `Bearer ${key}` } });
  const refused = new Promise<number>((resolve) =>
    socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode)),
  );
  const opened = once(socket, 'open').then(
    () => 101,
    () => refused,
  );
  const status = await Promise.race([refused, opened]);
  socket.on('error', () => undefined);
  socket.terminate();
  return status;
}

it('the event WebSocket opens for its own instance and refuses the other one', async () => {
  expect(await handshake(`?instance=${own}`, token)).toBe(101);
  expect(await handshake(`?instance=${other}`, token)).toBe(403);
  expect(await handshake('?instance=walk-nobody', token)).toBe(403);
  expect(await handshake('', metricsToken)).toBe(403);
  expect(await handshake('', null)).toBe(401);
  expect(await handshake('?instance=walk-nobody', adminKey)).toBe(404);
});

it('live events are its own only, over SSE and WebSocket', async () => {
  const phones = (await stage.elenco().get('/v1/instances')).items.map(({ me }) => me?.pn?.split('@')[0]);
  const feed = await stage.elenco(token).events({ types: ['message.received'] });
  const url = `${stage.gateway.url.replace('http', 'ws')}/v1/events/ws?types=message.received`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const frames: string[] = [];
  socket.on('message', (frame) => frames.push(String(frame)));
  await once(socket, 'open');
  const texts: string[] = [];
  for (const phone of phones) await stage.sandbox.sendFrom(contact, phone ?? '', `to ${phone}`);
  await stage.hook.until(() => stage.hook.of('message.received').length >= phones.length + 1, 'both');
  const last = await stage.sandbox.sendFrom(
    contact,
    stage.gateway.commands.getInstance(own)?.status.me?.pn?.split('@')[0] ?? '',
    'the last',
  );
  for await (const { event } of feed) {
    texts.push(JSON.stringify(event));
    if (event.type === 'message.received' && event.data.id === last) break;
  }
  await stage.until(() => frames.some((frame) => frame.includes(last)), 'the last one over WebSocket');
  socket.close();
  expect(texts.length).toBe(2);
  expect(frames.length).toBe(2);
  for (const told of [...texts, ...frames]) expect(told).toContain(`"instance":"${own}"`);
});

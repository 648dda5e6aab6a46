/** The whole actor against real HTTP servers: what arrives, in which order, and what becomes of the rest. */
import { expect, it } from 'vitest';
import type { DeliveryView, WebhookTestResult } from '../../src/protocol/webhook.ts';
import { ok, startReceiver } from './receiver.ts';
import { fastClock, makeRig } from './rig.ts';
import { webhookTo } from './webhook-config.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

it('delivers what the ring brings and empties the outbox', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.start();
  await rig.configure(
    'shop',
    webhookTo(receiver.url, { headers: { 'x-mine': 'yes', 'User-Agent': 'fake' } }),
  );
  await rig.emit(3);
  await receiver.count(3);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 2, 3]);
  expect(receiver.received[0]?.headers).toMatchObject({
    'x-mine': 'yes',
    'content-type': 'application/json',
  });
  expect(receiver.received[0]?.headers['user-agent']).toMatch(/^elenco\/\d/);
  expect(receiver.received[0]?.id).toBe(receiver.received[0]?.body.id);
});

it('tries again after a 500, with the same id, and keeps the order of the chat', async () => {
  const receiver = await startReceiver((_, count) => (count <= 2 ? { status: 500 } : ok));
  const rig = await makeRig({ clock: fastClock(40) });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(3);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 1, 1, 2, 3]);
  expect(new Set(receiver.received.slice(0, 3).map(({ id }) => id)).size).toBe(1);
  const views = (await rig.command({
    kind: 'ListDeliveries',
    webhook: 'shop',
    status: 'retrying',
    limit: 10,
  })) as DeliveryView[];
  expect(views.map(({ attempt, httpStatus }) => [attempt, httpStatus])).toEqual([
    [2, 500],
    [1, 500],
  ]);
});

it('lets other chats pass a chat whose event is being tried again', async () => {
  const receiver = await startReceiver(({ body }) =>
    body.data.n === 1 && !receiver.numbers.includes(5) ? { status: 500 } : ok,
  );
  const rig = await makeRig({ clock: fastClock(40), env: { WEBHOOK_MAX_ATTEMPTS: '100' } });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(2, { chat: 'a' });
  await rig.emit(3, { chat: 'b' });
  await rig.settled('shop');
  expect(receiver.numbers.filter((n) => n > 2)).toEqual([3, 4, 5]);
  expect(receiver.numbers.indexOf(2)).toBeGreaterThan(receiver.numbers.lastIndexOf(1));
  expect(receiver.numbers.indexOf(2)).toBeGreaterThan(receiver.numbers.indexOf(5));
});

it('posts events of one chat side by side when ordered is false', async () => {
  const gate = Promise.withResolvers<void>();
  const receiver = await startReceiver(async () => {
    await gate.promise;
    return ok;
  });
  const rig = await makeRig({ env: { WEBHOOK_TIMEOUT_MS: '20000' } });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url, { ordered: false }));
  await rig.emit(2);
  await receiver.count(2);
  gate.resolve();
  await rig.settled('shop');
  expect(receiver.received.length).toBe(2);
});

it.each(['hang', 'reset'] as const)('tries again after a %s', async (fault) => {
  const receiver = await startReceiver((_, count) => (count === 1 ? fault : ok));
  const rig = await makeRig({ clock: fastClock(10) });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(2);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 1, 2]);
});

it('obeys Retry-After with its whole lane', async () => {
  const times: number[] = [];
  const clock = fastClock(20);
  const receiver = await startReceiver((_, count) => {
    times.push(clock.now());
    return count === 1 ? { status: 429, headers: { 'retry-after': '12' } } : ok;
  });
  const rig = await makeRig({ clock, env: { WEBHOOK_CONCURRENCY: '1' } });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(1, { chat: 'a' });
  await receiver.count(1);
  await rig.emit(1, { chat: 'b' });
  await rig.settled('shop');
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(12_000);
});

it('makes a dead letter of a 410 at once, with the last answer, and goes on', async () => {
  const receiver = await startReceiver((_, count) => (count === 1 ? { status: 410, body: 'gone' } : ok));
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  const [first] = await rig.emit(2);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 2]);
  const letters = await rig.store.outbox.deadLetters('shop', null, 10);
  expect(letters).toMatchObject([{ seq: first?.seq, eventId: 'event-1', httpStatus: 410, attempts: 1 }]);
  expect(letters[0]?.error).toContain('410');
});

it('gives up after WEBHOOK_MAX_ATTEMPTS when the endpoint itself answers 500', async () => {
  const receiver = await startReceiver(({ body }) => (body.data.n === 1 ? { status: 500 } : ok));
  const rig = await makeRig({ clock: fastClock(40), env: { WEBHOOK_MAX_ATTEMPTS: '3' } });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(2);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 1, 1, 2]);
  expect(await rig.store.outbox.deadLetters(null, null, 10)).toMatchObject([
    { attempts: 3, httpStatus: 500 },
  ]);
});

it('takes a 2xx as it comes, with an endless or a huge body behind it', async () => {
  const receiver = await startReceiver((_, count) =>
    count === 1 ? 'dribble' : { status: 200, body: 'x'.repeat(1_000_000) },
  );
  const rig = await makeRig({ env: { WEBHOOK_TIMEOUT_MS: '200' } });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(3);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 2, 3]);
});

it('does not deliver to a server whose certificate nobody vouches for', async () => {
  const { generate } = await import('selfsigned');
  const { createServer } = await import('node:https');
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
  let requests = 0;
  const server = createServer({ cert, key }, (_, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(`https://localhost:${port}/`));
  const result = (await rig.command({ kind: 'TestWebhook', webhook: 'shop' })) as WebhookTestResult;
  server.close();
  expect(result.error).toMatch(/SELF_SIGNED/);
  expect(requests).toBe(0);
});

it('does not follow redirects', async () => {
  const elsewhere = await startReceiver();
  const receiver = await startReceiver(() => ({ status: 307, headers: { location: elsewhere.url } }));
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(1);
  await rig.settled('shop');
  expect(elsewhere.received).toEqual([]);
  expect(await rig.store.outbox.deadLetters(null, null, 10)).toMatchObject([{ httpStatus: 307 }]);
});

it.each([
  ['http://169.254.169.254/latest/meta-data', {}],
  ['http://[fd00:ec2::254]/', {}],
  ['http://metadata.google.internal/', {}],
  ['http://[::ffff:169.254.169.254]/', {}],
  ['http://127.0.0.1:9/', { WEBHOOK_DENY_PRIVATE: 'true' }],
  ['http://localhost:9/', { WEBHOOK_DENY_PRIVATE: 'true' }],
])('refuses %s', async (url, env) => {
  const rig = await makeRig({ env });
  await rig.start();
  await rig.configure('shop', webhookTo(url));
  await rig.emit(1);
  await rig.settled('shop');
  const [letter] = await rig.store.outbox.deadLetters(null, null, 10);
  expect(letter).toMatchObject({ httpStatus: null, attempts: 1 });
  expect(letter?.error).toMatch(/ADDRESS_REFUSED/);
});

it('answers a test with what the endpoint said', async () => {
  const receiver = await startReceiver(() => ({ status: 418, body: 'teapot'.repeat(1_000) }));
  const rig = await makeRig();
  await rig.start();
  await expect(rig.command({ kind: 'TestWebhook', webhook: 'shop' })).rejects.toMatchObject({
    code: 'webhook_not_set',
  });
  await rig.configure('shop', webhookTo(receiver.url));
  const result = (await rig.command({ kind: 'TestWebhook', webhook: 'shop' })) as WebhookTestResult;
  expect(result).toMatchObject({ delivered: false, httpStatus: 418, error: null });
  expect(result.body).toBe('teapot'.repeat(171).slice(0, 1_024));
  expect(JSON.parse(receiver.received[0]?.text ?? '')).toMatchObject({
    type: 'webhook.test',
    instance: 'shop',
  });
});

it('removes what is pending with the webhook', async () => {
  const receiver = await startReceiver(() => ({ status: 503 }));
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(3);
  await receiver.count(1);
  await rig.configure('shop', null);
  expect(await rig.store.outbox.pendingCount('shop')).toBe(0);
});

it('gives each webhook of an event its own fate', async () => {
  const [bad, good] = [await startReceiver(() => ({ status: 404 })), await startReceiver()];
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(bad.url));
  await rig.configure('*', webhookTo(good.url));
  await rig.emit(2, { webhooks: ['shop', '*'] });
  await Promise.all([rig.settled('shop'), rig.settled('*')]);
  expect(good.numbers).toEqual(upTo(2));
  expect((await rig.store.outbox.deadLetters(null, null, 10)).map(({ webhook }) => webhook)).toEqual([
    'shop',
    'shop',
  ]);
});

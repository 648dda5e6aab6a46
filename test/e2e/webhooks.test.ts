/** Through the whole gateway: an instance's own webhook and the one for all, each with its filter, secret and fate. */
import { Webhook } from 'standardwebhooks';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import { type Delivered, WebhookReceiver } from './support/webhook-receiver.ts';

const contact = '5511970008001';
let stage: Stage;
let phone: string;
let everybody: WebhookReceiver;
/** Its own is set over the one that it was made with; that of all is made and shown by the answer. */
const secrets = { own: `whsec_${Buffer.alloc(32, 5).toString('base64')}`, all: '' };

beforeAll(async () => {
  stage = await startStage();
  everybody = await WebhookReceiver.start();
  ({ phone } = await stage.openInstance('shop'));
  const own = { url: stage.hook.url, events: ['message.received'], headers: { 'x-team': 'sales' } };
  const { own: secret } = secrets;
  const all = { url: everybody.url, events: ['message.received', 'instance.state'] };
  expect((await stage.call('PUT', '/v1/instances/shop/webhook', { ...own, secret })).status).toBe(200);
  secrets.all = (await stage.call('PUT', '/v1/webhook', all)).body.secret;
  return async () => {
    await stage.stop();
    await everybody.stop();
  };
});

const isText = (text: string) => (delivered: Delivered) =>
  delivered.event.type === 'message.received' && delivered.event.data.text === text;

/** The value of one sample of the Prometheus page. */
async function metric(name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const page: string = (await stage.call('GET', '/metrics')).body;
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = page
    .split('\n')
    .find((one) => one.startsWith(`${name}{`) && wanted.every((label) => one.includes(label)));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

it('both get an event that both want, under one id, signed with the secret of each', async () => {
  await stage.sandbox.sendFrom(contact, phone, 'for both');
  const mine = await stage.hook.next(isText('for both'), 'the event at its own webhook');
  const theirs = await everybody.next(isText('for both'), 'the event at the webhook for all');
  expect(mine.headers['webhook-id']).toBe(theirs.headers['webhook-id']);
  expect([mine.headers['x-team'], theirs.headers['x-team']]).toEqual(['sales', undefined]);
  const verify = (secret: string, { body, headers }: Delivered): unknown =>
    new Webhook(secret).verify(body, headers as Record<string, string>);
  expect(verify(secrets.own, mine)).toEqual(mine.event);
  expect(verify(secrets.all, theirs)).toEqual(theirs.event);
  expect(() => verify(secrets.own, theirs)).toThrow();
});

it('each gets only the types that it asked for', async () => {
  stage.hook.deliveries.length = 0;
  everybody.deliveries.length = 0;
  const sent = { to: contact, type: 'text', text: 'its status is for nobody', wait: 'server' };
  expect((await stage.call('POST', '/v1/instances/shop/messages', sent)).status).toBe(201);
  await stage.call('POST', '/v1/instances/shop/restart');
  await everybody.next(
    ({ event }) => event.type === 'instance.state' && event.data.state === 'open',
    'the instance is open again',
  );
  await stage.sandbox.sendFrom(contact, phone, 'the last');
  await stage.hook.next(isText('the last'), 'the event at its own webhook');
  await everybody.next(isText('the last'), 'the event at the webhook for all');
  const typesAt = ({ deliveries }: WebhookReceiver): string[] =>
    [...new Set(deliveries.map(({ event }) => event.type))].toSorted();
  expect(typesAt(stage.hook)).toEqual(['message.received']);
  expect(typesAt(everybody)).toEqual(['instance.state', 'message.received']);
});

it('each has its own fate: what one refuses the other has, and both say so', async () => {
  everybody.status = 410;
  onTestFinished(() => {
    everybody.status = 200;
  });
  await stage.sandbox.sendFrom(contact, phone, 'refused by one');
  const mine = await stage.hook.next(isText('refused by one'), 'the event at its own webhook');
  let letters: unknown[] = [];
  const look = async (): Promise<void> => {
    letters = (await stage.call('GET', '/v1/dead-letters')).body.items;
  };
  await stage.until(() => {
    void look();
    return letters.length > 0;
  }, 'a dead letter of the webhook for all');
  expect(await metric('elenco_webhook_attempts_total', { webhook: '*', result: 'dead' })).toBe(1);
  expect(letters).toEqual([
    expect.objectContaining({ webhook: '*', eventId: mine.event.id, attempts: 1, httpStatus: 410 }),
  ]);
  const last = async (path: string) =>
    (await stage.call('GET', `${path}/webhook/deliveries?limit=1`)).body.items[0];
  const seen = { eventId: mine.event.id, type: 'message.received', instance: 'shop', attempt: 1 };
  expect(await last('/v1/instances/shop')).toMatchObject({ ...seen, result: 'delivered', httpStatus: 200 });
  expect(await last('/v1')).toMatchObject({ ...seen, result: 'dead', httpStatus: 410 });
});

it('each has figures of its own', async () => {
  for (const webhook of ['shop', '*']) {
    expect(await metric('elenco_webhook_attempts_total', { webhook, result: 'delivered' })).toBeGreaterThan(
      1,
    );
    expect(await metric('elenco_webhook_latency_milliseconds_count', { webhook })).toBeGreaterThan(1);
    expect(await metric('elenco_webhook_pending', { webhook })).toBeLessThan(2);
    expect(await metric('elenco_webhook_in_flight', { webhook })).toBe(0);
    expect(await metric('elenco_webhook_oldest_age_milliseconds', { webhook })).toBeLessThan(30_000);
  }
});

/** Through the whole gateway: tokens, webhooks and dead letters are managed, and the gateway tells of itself. */
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import { WebhookReceiver } from './support/webhook-receiver.ts';

const contact = '5511970008002';
const own = '/v1/instances/shop/webhook';
let stage: Stage;
let phone: string;
let token: string;
let everybody: WebhookReceiver;

beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_GLOBAL: 'off' });
  everybody = await WebhookReceiver.start();
  ({ phone, token } = await stage.openInstance('shop'));
  return async () => {
    await stage.stop();
    await everybody.stop();
  };
});

interface Letter {
  readonly eventId: string;
  readonly type: string;
  readonly webhook: string;
}
const lettersOf = async (webhook: string): Promise<Letter[]> =>
  (await stage.call('GET', '/v1/dead-letters?limit=100')).body.items.filter(
    (letter: Letter) => letter.webhook === webhook && letter.type === 'message.received',
  );

/** Writes `texts` while the endpoint refuses for good, and resolves to their letters. */
async function refused(receiver: WebhookReceiver, webhook: string, texts: string[]): Promise<Letter[]> {
  receiver.status = 410;
  onTestFinished(() => {
    receiver.status = 200;
  });
  for (const text of texts) await stage.sandbox.sendFrom(contact, phone, text);
  let letters: Letter[] = [];
  await stage.until(() => {
    void lettersOf(webhook).then((found) => {
      letters = found;
    });
    return letters.length === texts.length;
  }, 'the dead letters');
  receiver.status = 200;
  return letters;
}

const textsAt = (receiver: WebhookReceiver): string[] =>
  receiver.of('message.received').map(({ data }) => data.text as string);

it('a renewed token is the only one that opens its instance', async () => {
  const read = async (key: string): Promise<number> =>
    (await stage.call('GET', '/v1/instances/shop', undefined, { authorization: `Bearer ${key}` })).status;
  expect(await read(token)).toBe(200);
  const renewed = (await stage.call('POST', '/v1/instances/shop/token')).body.token;
  expect([await read(token), await read(renewed)]).toEqual([401, 200]);
});

describe.each([
  ['of an instance', own, 'shop'],
  ['for all instances', '/v1/webhook', '*'],
])('the webhook %s', (_, path, webhook) => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = webhook === '*' ? everybody : stage.hook;
    for (const other of [own, '/v1/webhook']) await stage.call('DELETE', other);
    expect((await stage.call('PUT', path, { url: receiver.url })).status).toBe(200);
    receiver.deliveries.length = 0;
  });

  it('is shown without its secret, is tried by the test button, and is told nothing once it is gone', async () => {
    const shown = (await stage.call('GET', path)).body;
    expect(shown).toMatchObject({ url: receiver.url });
    expect(JSON.stringify(shown)).not.toContain('whsec_');
    const tried = await stage.call('POST', `${path}/test`);
    expect(tried).toMatchObject({ status: 200, body: { httpStatus: 200 } });
    await receiver.until(() => receiver.of('webhook.test').length === 1, 'the test event');

    expect((await stage.call('DELETE', path)).status).toBe(204);
    expect((await stage.call('GET', path)).status).toBe(404);
    await stage.sandbox.sendFrom(contact, phone, 'for nobody');
    await stage.call('PUT', path, { url: receiver.url });
    await stage.sandbox.sendFrom(contact, phone, 'for somebody');
    await receiver.until(() => textsAt(receiver).includes('for somebody'), 'what came after');
    expect(textsAt(receiver)).toEqual(['for somebody']);
  });

  it('gets its dead letters again, but not one that was removed', async () => {
    const letters = await refused(receiver, webhook, ['first', 'second', 'third']);
    const removed = letters[1] as Letter;
    expect((await stage.call('DELETE', `/v1/dead-letters/${removed.eventId}`)).status).toBe(204);
    expect((await stage.call('DELETE', `/v1/dead-letters/${removed.eventId}`)).status).toBe(404);
    const replayed = await stage.call('POST', '/v1/dead-letters/replay');
    expect(replayed).toMatchObject({ status: 200, body: { hasMore: false } });
    expect(replayed.body.replayed).toBeGreaterThanOrEqual(2);
    await receiver.until(() => textsAt(receiver).length === 2, 'the two that were kept');
    const ids = receiver.of('message.received').map(({ id }) => id);
    expect(ids.toSorted()).toEqual(
      letters
        .filter((letter) => letter !== removed)
        .map(({ eventId }) => eventId)
        .toSorted(),
    );
    expect(await lettersOf(webhook)).toEqual([]);
  });

  it('gets a range of the log again', async () => {
    // An event has the time of its message, in whole seconds.
    const from = new Date(Date.now() - 1_000).toISOString();
    const text = `told twice to ${webhook}`;
    const told = () => receiver.of('message.received').filter(({ data }) => data.text === text);
    await stage.sandbox.sendFrom(contact, phone, text);
    await receiver.until(() => told().length === 1, 'the event');
    const range = { from, to: new Date(Date.now() + 1_000).toISOString(), types: ['message.received'] };
    // While its first delivery is being written down it still counts as waiting, and is not doubled.
    while (told().length < 2)
      expect(await stage.call('POST', `${path}/replay`, range)).toMatchObject({ status: 200 });
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
  });
});

describe('the gateway tells', () => {
  it('that it lives, is ready and how it is', async () => {
    expect((await stage.call('GET', '/health/live')).status).toBe(200);
    expect(await stage.call('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const { body } = await stage.call('GET', '/monitoring/metrics');
    expect(body.threads.map(({ thread }: { thread: string }) => thread)).toContain('shard-0');
    expect((await stage.call('GET', '/monitoring/alerts')).status).toBe(200);
  });

  it('what it offers', async () => {
    const { body } = await stage.call('GET', '/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    expect(body.paths['/v1/instances/{id}/messages'].post.requestBody).toBeDefined();
    for (const part of ['/docs', '/docs/page.js', '/docs/page.css'])
      expect((await stage.call('GET', part)).status).toBe(200);
  });

  it('and does what its operator wants', async () => {
    const changed = await stage.call('PUT', '/monitoring/log-level', { level: 'warn' });
    expect(changed).toMatchObject({ status: 200, body: { level: 'warn' } });
    expect((await stage.call('POST', '/monitoring/gc')).status).toBe(200);
    expect((await stage.call('POST', '/monitoring/cache/clear', {})).status).toBe(200);
  });
});

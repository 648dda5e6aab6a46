/** The client against the real front: typed errors, repeats after Retry-After, keys of changes, live events. */
import { afterEach, expect, it } from 'vitest';
import { createElenco, type ElencoOptions } from '../../src/client/elenco.ts';
import { adminKey } from '../http/support/fake-commands.ts';
import { startTestFront, type TestFront } from '../http/support/start.ts';

let t: TestFront;
afterEach(() => t[Symbol.asyncDispose]());

/** A client that keeps what it sent. */
function spied(options: Partial<ElencoOptions> = {}) {
  const sent: { url: string; headers: Headers }[] = [];
  const elenco = createElenco({
    ...{ url: t.front.url, key: adminKey },
    fetch: (url, init) => {
      sent.push({ url: String(url), headers: new Headers(init?.headers) });
      return fetch(url, init);
    },
    ...options,
  });
  return { elenco, sent };
}

it('throws what the gateway answered, field by field', async () => {
  t = await startTestFront();
  const { elenco } = spied();
  const wrong = { body: { id: 'no spaces', connect: false } };
  await expect(elenco.post('/v1/instances', wrong)).rejects.toMatchObject({
    ...{ name: 'ElencoError', code: 'validation_failed', status: 400 },
    errors: [{ path: 'id', message: 'takes letters, digits, _ and -' }],
  });
});

it('fills paths and queries, escaped', async () => {
  t = await startTestFront();
  const { elenco, sent } = spied();
  await elenco.get('/v1/instances', { query: { q: 'a&b=c', limit: 2 } });
  await expect(elenco.get('/v1/instances/{id}', { path: { id: '../x y' } })).rejects.toMatchObject({
    status: 404,
  });
  const paths = sent.map(({ url }) => url.slice(t.front.url.length));
  expect(paths).toEqual(['/v1/instances?q=a%26b%3Dc&limit=2', '/v1/instances/..%2Fx%20y']);
});

it('repeats a change after Retry-After under the same key, and then gives up with the error', async () => {
  t = await startTestFront({ RATE_LIMIT_INSTANCES: '1/2s' });
  const { elenco, sent } = spied({ retries: 1 });
  const create = (id: string) => elenco.post('/v1/instances', { body: { id, connect: false } });
  await create('first');
  expect((await create('second')).id).toBe('second');
  const [first, refused, again] = sent.map(({ headers }) => headers.get('idempotency-key'));
  expect(refused).toBe(again);
  expect(first).not.toBe(again);
  const { elenco: hasty } = spied({ retries: 0 });
  const error = await hasty.post('/v1/instances', { body: { id: 'third' } }).catch((caught) => caught);
  expect(error).toMatchObject({ code: 'rate_limited', status: 429 });
  expect(error.retryAfterMs).toBeGreaterThan(0);
});

it('says that nobody answers', async () => {
  t = await startTestFront();
  const { elenco } = spied({ url: 'http://127.0.0.1:9', retries: 0 });
  await expect(elenco.get('/health/live')).rejects.toMatchObject({ code: 'unreachable', status: 0 });
});

it('ends when it is told to, with the reason', async () => {
  t = await startTestFront();
  t.commands.seed('a');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(spied().elenco.get('/v1/instances', { signal })).rejects.toThrow('enough');
});

it('tells events as they come, resumes after a break, and tells none twice', async () => {
  t = await startTestFront();
  const cut = new AbortController();
  const asked: (string | null)[] = [];
  const elenco = createElenco({
    ...{ url: t.front.url, key: adminKey },
    fetch: (url, init) => {
      asked.push(new URL(String(url)).searchParams.get('after'));
      const signals = [init?.signal ?? [], asked.length === 1 ? cut.signal : []].flat();
      return fetch(url, { ...init, signal: AbortSignal.any(signals) });
    },
  });
  const told: string[] = [];
  const feed = await elenco.events({ types: ['webhook.test'] });
  t.events.emit(7, 'a', 'webhook.test', { message: 'one' });
  for await (const { position, event } of feed) {
    told.push(`${position} ${event.id}`);
    if (told.length === 2) break;
    t.events.emitUntold(8, 'a', 'webhook.test', { message: 'while nobody listens' });
    cut.abort();
  }
  // A stream of all instances goes back a little, so the log gives the first one again.
  expect(told).toEqual(['7 event-7', '8 event-8']);
  expect(asked).toEqual([null, '7']);
  await t.front.stop();
  expect(t.events.listeners).toBe(0);
});

it('refuses a wrong key instead of coming back for ever', async () => {
  t = await startTestFront();
  await expect(spied({ key: 'wrong' }).elenco.events()).rejects.toMatchObject({ code: 'unauthorized' });
});

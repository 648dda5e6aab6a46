/** The small parts that sockets are made of: locks, gate, caches, facts, console, content. */
import { afterEach, expect, test, vi } from 'vitest';
import { KeyedLock } from '../../src/keyed-lock.ts';
import { BoundedMap } from '../../src/whatsapp/bounded-map.ts';
import { CacheTally } from '../../src/whatsapp/cache-board.ts';
import { createDeviceCache, GroupCache, PlaceholderCache } from '../../src/whatsapp/caches.ts';
import { closeCauseOf } from '../../src/whatsapp/close-cause.ts';
import { silenceConsole } from '../../src/whatsapp/console.ts';
import { mediaOf, quoteOf, textOf, typeOf, visibleContent } from '../../src/whatsapp/content.ts';
import { FactQueue } from '../../src/whatsapp/fact-queue.ts';
import { FrameGate } from '../../src/whatsapp/frame-gate.ts';
import { groupCacheTtlMs } from '../../src/whatsapp/limits.ts';
import { traced, withTraces } from '../../src/whatsapp/traces.ts';
import type { WaFact } from '../../src/whatsapp/wa-socket.ts';
import { createHandClock } from './support/hand-clock.ts';
import { createMemoryStore } from './support/memory-store.ts';

afterEach(() => vi.restoreAllMocks());

test('a keyed lock runs one at a time per key, in order, also after failures, and forgets keys', async () => {
  const lock = new KeyedLock();
  const order: number[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock.run('a', async () => {
    await gate.promise;
    order.push(1);
    throw new Error('first fails');
  });
  const second = lock.run('a', async () => void order.push(2));
  const both = lock.all(['b', 'a', 'b'], async () => void order.push(3));
  await lock.run('c', async () => void order.push(0));
  gate.resolve();
  await expect(first).rejects.toThrow('first fails');
  await Promise.all([second, both]);
  expect(order).toEqual([0, 1, 2, 3]);
  await Promise.resolve();
  expect(lock.size).toBe(0);
});

test('a bounded map forgets what was used longest ago', () => {
  const map = new BoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
});

function gated(pending: () => Promise<void> | undefined) {
  const sent: string[] = [];
  const failures: unknown[] = [];
  const socket = { send: (data: Uint8Array) => void sent.push(Buffer.from(data).toString()), terminate() {} };
  const gate = new FrameGate(pending, (error) => void failures.push(error));
  gate.install(socket);
  return { gate, socket, sent, failures };
}

test('frames wait in order while credentials are not durable', async () => {
  const save = Promise.withResolvers<void>();
  let pending: Promise<void> | undefined;
  const { socket, sent } = gated(() => pending);
  socket.send(Buffer.from('1'));
  pending = save.promise;
  socket.send(Buffer.from('2'));
  pending = pending.finally(() => {
    pending = undefined;
  });
  socket.send(Buffer.from('3'));
  expect(sent).toEqual(['1']);
  save.resolve();
  await vi.waitFor(() => expect(sent).toEqual(['1', '2', '3']));
  socket.send(Buffer.from('4'));
  expect(sent.at(-1)).toBe('4');
});

test('frames that were held leave in one write', async () => {
  const order: string[] = [];
  let pending: Promise<void> | undefined = Promise.resolve();
  const socket = {
    send: (data: Uint8Array) => void order.push(Buffer.from(data).toString()),
    terminate() {},
    _socket: { cork: () => void order.push('cork'), uncork: () => void order.push('uncork') },
  };
  new FrameGate(
    () => pending,
    () => undefined,
  ).install(socket);
  socket.send(Buffer.from('1'));
  socket.send(Buffer.from('2'));
  pending = undefined;
  await vi.waitFor(() => expect(order).toEqual(['cork', '1', '2', 'uncork']));
});

test('frames wait for the messages that were being stored when they were sent, not for later ones', async () => {
  const { gate, socket, sent } = gated(() => undefined);
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gate.hold(first.promise);
  socket.send(Buffer.from('1'));
  gate.hold(second.promise);
  socket.send(Buffer.from('2'));
  first.resolve();
  await vi.waitFor(() => expect(sent).toEqual(['1']));
  second.resolve();
  await vi.waitFor(() => expect(sent).toEqual(['1', '2']));
  socket.send(Buffer.from('3'));
  expect(sent).toEqual(['1', '2', '3']);
});

test('the frame of a message that could not be stored never leaves', async () => {
  const { gate, socket, sent, failures } = gated(() => undefined);
  gate.hold(Promise.reject(new Error('disk full')));
  socket.send(Buffer.from('1'));
  await vi.waitFor(() => expect(failures.length).toBe(1));
  expect(sent).toEqual([]);
});

test('frames are refused when the credentials could not be saved', async () => {
  let pending: Promise<void> | undefined = Promise.reject(new Error('disk full'));
  const { socket, sent, failures } = gated(() => pending);
  const refused = await new Promise<Error | undefined>((resolve) =>
    (socket.send as (data: Uint8Array, done: (error?: Error) => void) => void)(Buffer.from('1'), resolve),
  );
  pending = undefined;
  expect([refused?.message, sent.length, failures.length]).toEqual(['disk full', 0, 1]);
});

test('facts keep their order though some need a look-up; nothing follows Closed', async () => {
  const facts: string[] = [];
  const errors: unknown[] = [];
  const queue = new FactQueue(
    (fact) => void facts.push(fact.kind),
    (error) => void errors.push(error),
  );
  const slow = Promise.withResolvers<WaFact>();
  const me = { jid: 'x', pn: null, lid: null, name: null };
  queue.later(() => slow.promise);
  queue.later(() => Promise.reject(new Error('look-up failed')));
  queue.push({ kind: 'Opened', me });
  queue.push({ kind: 'Closed', cause: { code: 428, detail: '' } });
  queue.push({ kind: 'MeChanged', me });
  slow.resolve({ kind: 'Paired', me });
  await queue.settled();
  expect(facts).toEqual(['Paired', 'Opened', 'Closed']);
  expect(errors.length).toBe(1);
});

test('device lists survive the process and are removed by notifications', async () => {
  const store = createMemoryStore();
  const devices = [{ user: '1', device: 0 }];
  const tally = new CacheTally();
  const open = () => createDeviceCache(store, 'one', tally);
  const cache = open();
  await cache.mset?.([
    { key: '1', value: devices },
    { key: '2', value: devices },
  ]);
  expect(store.commits.length).toBe(1);
  const later = open();
  expect(await later.get('1')).toEqual(devices);
  await later.del('1');
  expect(await open().get('1')).toBe(undefined);
  expect([tally.hits, tally.misses]).toEqual([1, 1]);
});

test('a tally covers the sockets that live, and clears those of one instance or of all', () => {
  const tally = new CacheTally();
  const of = (count: number) => {
    const cache = new BoundedMap<number>(9);
    for (let n = 0; n < count; n++) cache.set(`${n}`, n);
    return cache;
  };
  const [one, two, three] = [of(1), of(2), of(3)];
  tally.join(one, 'a');
  tally.join(two, 'b');
  tally.join(three, 'c');
  tally.leave(three);
  expect(tally.size).toBe(3);
  expect(tally.clear('b')).toBe(2);
  expect(tally.clear(null)).toBe(1);
  expect([one.size, two.size, three.size]).toEqual([0, 0, 3]);
});

test('group metadata is fetched once, again after a notification, again after its time', async () => {
  const clock = createHandClock();
  const groups = new GroupCache(clock, new CacheTally());
  let fetched = 0;
  groups.fetch = async (id) => {
    fetched += 1;
    return { id, owner: undefined, subject: `${fetched}`, participants: [] };
  };
  const [a, b] = await Promise.all([groups.get('g@g.us'), groups.get('g@g.us')]);
  expect([a?.subject, b?.subject, fetched]).toEqual(['1', '1', 1]);
  groups.invalidate('g@g.us');
  expect((await groups.get('g@g.us'))?.subject).toBe('2');
  clock.advance(groupCacheTtlMs + 1);
  expect((await groups.get('g@g.us'))?.subject).toBe('3');
});

test('the phone is asked only for messages that came without ciphertext', async () => {
  const cache = new PlaceholderCache();
  expect(await cache.store.get('encrypted')).toBe(true);
  cache.expect('absent');
  expect(await cache.store.get('absent')).toBe(undefined);
  await cache.store.set('absent', { key: 1 });
  expect(await cache.store.get('absent')).toEqual({ key: 1 });
  await cache.store.del('absent');
  expect(await cache.store.get('absent')).toBe(true);
});

test('the console is silent and counts', () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const silenced = silenceConsole();
  console.info('Closing session:', { privKey: 'secret' });
  console.log('x');
  silenced.restore();
  expect([silenced.calls, written.mock.calls.length]).toEqual([2, 0]);
});

test('traces are off in the thread and on where we ask', () => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    expect(new Error('x').stack).toBe('Error: x');
    expect(withTraces(() => new Error('x')).stack).toMatch(/\n +at /);
    expect(traced(new Error('x')).stack).toMatch(/\n +at /);
    expect(traced('text').message).toBe('text');
    expect(Error.stackTraceLimit).toBe(0);
  } finally {
    Error.stackTraceLimit = before;
  }
});

test('close causes keep Baileys’ code and words', () => {
  const boom = Object.assign(new Error('QR refs attempts ended'), { output: { statusCode: 408 } });
  expect(closeCauseOf(boom)).toEqual({ code: 408, detail: 'QR refs attempts ended' });
  expect(closeCauseOf(undefined)).toEqual({ code: 428, detail: '' });
});

test.each([
  ['text', { conversation: 'a' }, 'a'],
  ['text', { extendedTextMessage: { text: 'b' } }, 'b'],
  ['image', { imageMessage: { caption: 'c', mimetype: 'image/png' } }, 'c'],
  ['voice', { audioMessage: { ptt: true, seconds: 3 } }, null],
  ['audio', { audioMessage: { seconds: 3 } }, null],
  ['document', { documentMessage: { fileName: 'f.pdf', caption: 'd' } }, 'd'],
  ['sticker', { stickerMessage: {} }, null],
  ['location', { locationMessage: { degreesLatitude: 1 } }, null],
  ['contact', { contactMessage: { displayName: 'x' } }, null],
  ['poll', { pollCreationMessageV3: { name: 'q' } }, 'q'],
  ['text', { ephemeralMessage: { message: { conversation: 'in' } } }, 'in'],
  ['unsupported', { groupInviteMessage: { groupName: 'x' } }, null],
])('content of type %s', (type, message, text) => {
  const content = visibleContent(message) ?? {};
  expect([typeOf(content), textOf(content)]).toEqual([type, text]);
});

test('keys and protocol are nothing to tell', () => {
  expect(visibleContent(undefined)).toBe(undefined);
  expect(visibleContent({})).toBe(undefined);
  expect(visibleContent({ senderKeyDistributionMessage: {}, messageContextInfo: {} })).toBe(undefined);
  expect(visibleContent({ protocolMessage: { type: 0 } })).toBe(undefined);
  expect(visibleContent({ reactionMessage: { text: '👍', key: { id: 'R' } } })).toBe(undefined);
});

test('media and quotes', () => {
  const media = mediaOf({ imageMessage: { mimetype: 'image/png', fileLength: 12, width: 3, height: 4 } });
  expect(media).toEqual({
    mimetype: 'image/png',
    size: 12,
    sha256: null,
    filename: null,
    seconds: null,
    width: 3,
    height: 4,
  });
  const contextInfo = { stanzaId: 'Q', participant: '9:1@lid', quotedMessage: { conversation: 'old' } };
  expect(quoteOf({ extendedTextMessage: { text: 'new', contextInfo } })).toEqual({
    id: 'Q',
    from: { jid: '9@lid', pn: null, lid: '9@lid' },
    type: 'text',
    text: 'old',
  });
  expect(quoteOf({ conversation: 'x' })).toBe(null);
});

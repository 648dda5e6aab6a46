/** Live events over WebSocket: the same filters, resuming and bounds as the stream, and refusals in plain HTTP. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { adminKey } from './support/fake-commands.ts';
import { startTestFront, type TestFront } from './support/start.ts';
import { until } from './support/until.ts';

interface Client {
  readonly socket: WebSocket;
  next(): Promise<{ position: string; event: { id: string; instance: string } }>;
}

function open(t: TestFront, path: string, key = adminKey, headers: Record<string, string> = {}): Client {
  const url = `${t.front.url.replace('http', 'ws')}${path}`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}`, ...headers } });
  onTestFinished(() => socket.terminate());
  const texts: string[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data) => {
    texts.push(String(data));
    wake();
  });
  socket.on('error', () => undefined);
  const next: Client['next'] = async () => {
    while (texts.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return JSON.parse(texts.shift() ?? '');
  };
  return { socket, next };
}

async function opened(
  t: TestFront,
  path: string,
  key?: string,
  headers?: Record<string, string>,
): Promise<Client> {
  const client = open(t, path, key, headers);
  await once(client.socket, 'open');
  return client;
}

async function refusal(t: TestFront, path: string, key?: string): Promise<{ status: number; code: string }> {
  const [, response] = await once(open(t, path, key).socket, 'unexpected-response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, code: JSON.parse(Buffer.concat(parts).toString()).code };
}

it('follows events, and lets go when the peer does', async () => {
  await using t = await startTestFront();
  const client = await opened(t, '/v1/events/ws');
  t.events.emit(7, 'a', 'message.received', { text: 'olá' });
  expect(await client.next()).toMatchObject({
    position: '7',
    event: { id: 'event-7', instance: 'a', data: { text: 'olá' } },
  });
  client.socket.close();
  await until(() => t.events.listeners === 0, 'the subscription has ended');
});

it('filters and resumes as the stream does', async () => {
  await using t = await startTestFront();
  t.commands.seed('a');
  for (const seq of [1, 2, 3]) t.events.emit(seq, 'a', 'message.received');
  t.events.emit(4, 'a', 'instance.state');
  const path = '/v1/events/ws?instance=a&types=message.received';
  for (const client of [
    await opened(t, `${path}&after=1`),
    await opened(t, path, adminKey, { 'last-event-id': '1' }),
  ]) {
    expect([(await client.next()).position, (await client.next()).position]).toEqual(['2', '3']);
  }
});

it('shows a token its own instance only', async () => {
  await using t = await startTestFront();
  const key = t.commands.seed('a');
  t.commands.seed('b');
  const client = await opened(t, '/v1/events/ws', key);
  t.events.emit(1, 'b', 'message.received');
  t.events.emit(2, 'a', 'message.received');
  expect((await client.next()).position).toBe('2');
  expect(await refusal(t, '/v1/events/ws?instance=b', key)).toEqual({ status: 403, code: 'forbidden' });
});

it('refuses in plain HTTP', async () => {
  await using t = await startTestFront();
  expect(await refusal(t, '/v1/events/ws', 'wrong')).toEqual({ status: 401, code: 'unauthorized' });
  expect(await refusal(t, '/v1/events/ws?types=nonsense')).toEqual({
    status: 400,
    code: 'validation_failed',
  });
  expect(await refusal(t, '/v1/nowhere')).toEqual({ status: 404, code: 'not_found' });
  expect((await t.ask('GET', '/v1/events/ws')).body.code).toBe('validation_failed');
  t.state.isDraining = true;
  expect(await refusal(t, '/v1/events/ws')).toEqual({ status: 503, code: 'draining' });
});

it('closes with 1001 when the front stops', async () => {
  const t = await startTestFront();
  const client = await opened(t, '/v1/events/ws');
  const closed = once(client.socket, 'close');
  await t.front.stop();
  expect((await closed)[0]).toBe(1_001);
  expect(t.events.listeners).toBe(0);
});

it('costs a bounded buffer where the peer does not read', async () => {
  await using t = await startTestFront();
  const socket = connect(t.front.port, '127.0.0.1');
  socket.pause();
  const fields = [
    'Host: x',
    `Authorization: Bearer ${adminKey}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ];
  const handshake = [
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}`,
  ];
  socket.write(`GET /v1/events/ws HTTP/1.1\r\n${[...fields, ...handshake].join('\r\n')}\r\n\r\n`);
  await until(() => t.events.listeners === 1, 'the stream is open');
  const text = 'x'.repeat(100_000);
  let seq = 0;
  await until(() => {
    for (let count = 0; count < 10; count += 1) t.events.emit(++seq, 'a', 'message.received', { text });
    return t.events.listeners === 0;
  }, 'the stream is closed');
  socket.destroy();
});

/** The server around the app: deadlines, draining, bounds of bodies and connections, stop. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { startFront } from '../../src/http/front.ts';
import { adminKey } from './support/fake-commands.ts';
import { fakes, startTestFront, testConfig } from './support/start.ts';
import { until } from './support/until.ts';

const text = { to: '5511988887777', type: 'text', text: 'hi' };

/** A clock whose timers run when the test says so. */
function manualClock() {
  const due: { delayMs: number; work: () => void }[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, work) {
      const entry = { delayMs, work };
      due.push(entry);
      return { cancel: () => void (due.includes(entry) && due.splice(due.indexOf(entry), 1)) };
    },
  };
  return { clock, due };
}

async function readAll(socket: Socket): Promise<string> {
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    received += chunk;
  });
  await once(socket, 'close');
  return received;
}

describe('the answer deadline', () => {
  it('is 504 timeout with the message id; the work goes on and a repeat under the key gets its answer', async () => {
    const { clock, due } = manualClock();
    await using t = await startTestFront({ REQUEST_TIMEOUT_MS: '1000' }, { clock });
    t.commands.seed('a');
    const gate = Promise.withResolvers<void>();
    t.commands.beforeSend = () => gate.promise;
    const options = { body: text, headers: { 'idempotency-key': 'k1' } };
    const first = t.ask('POST', '/v1/instances/a/messages', options);
    await until(() => t.commands.sent.length === 1 && due.length > 0, 'the message is on its way');
    due.find(({ delayMs }) => delayMs === 1_000)?.work();
    const late = await first;
    expect([late.status, late.body.code]).toEqual([504, 'timeout']);
    expect(late.body.messageId).toBe(t.commands.sent[0]?.input.messageId);
    gate.resolve();
    const again = await t.ask('POST', '/v1/instances/a/messages', options);
    expect([again.status, again.body.id]).toEqual([201, late.body.messageId]);
    expect(t.commands.sent).toHaveLength(1);
  });
});

describe('draining', () => {
  it('refuses new requests with 503 and Connection: close; health says so', async () => {
    await using t = await startTestFront();
    t.state.isDraining = true;
    const refused = await t.ask('GET', '/v1/instances');
    expect([refused.status, refused.body.code]).toEqual([503, 'draining']);
    expect(refused.headers.get('connection')).toBe('close');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await t.ask('GET', '/health/live', { key: null })).status).toBe(200);
    const ready = await t.ask('GET', '/health/ready', { key: null });
    expect([ready.status, ready.body.status]).toEqual([503, 'draining']);
    expect((await t.ask('GET', '/nothing')).status).toBe(503);
  });

  it('stop waits for requests in progress', async () => {
    const t = await startTestFront();
    t.commands.seed('a');
    const gate = Promise.withResolvers<void>();
    t.commands.beforeSend = () => gate.promise;
    const sending = t.ask('POST', '/v1/instances/a/messages', { body: text });
    await until(() => t.commands.sent.length === 1, 'the message is on its way');
    const stopped = t.front.stop();
    expect(t.front.stop()).toBe(stopped);
    gate.resolve();
    expect((await sending).status).toBe(201);
    await stopped;
    await expect(fetch(`${t.front.url}/health/live`)).rejects.toThrow();
  });

  it('stop does not wait for connections that have sent nothing, or nothing more', async () => {
    const { clock } = manualClock();
    const t = await startTestFront({}, { clock });
    const silent = connect(t.front.port, '127.0.0.1');
    const used = connect(t.front.port, '127.0.0.1');
    await Promise.all([once(silent, 'connect'), once(used, 'connect')]);
    used.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(used, 'data');
    const closed = [once(silent.resume(), 'close'), once(used.resume(), 'close')];
    await t.front.stop();
    await Promise.all(closed);
  });

  it('stop closes what does not end within the drain time', async () => {
    const { clock, due } = manualClock();
    const t = await startTestFront({ DRAIN_TIMEOUT_MS: '5000' }, { clock });
    t.commands.seed('a');
    t.commands.beforeSend = () => new Promise(() => {});
    const sending = t
      .ask('POST', '/v1/instances/a/messages', { body: text })
      .catch((error: unknown) => error);
    await until(() => t.commands.sent.length === 1, 'the message is on its way');
    const stopped = t.front.stop();
    due.find(({ delayMs }) => delayMs === 2_500)?.work();
    await stopped;
    expect(await sending).toBeInstanceOf(Error);
  });
});

describe('bodies', () => {
  it('of unknown length are read up to the bound only', async () => {
    await using t = await startTestFront();
    const socket = connect(t.front.port, '127.0.0.1');
    const head = `POST /v1/instances HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\n`;
    socket.write(
      `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    const chunk = 'x'.repeat(0x10000);
    for (let count = 0; count < 5; count += 1) socket.write(`10000\r\n${chunk}\r\n`);
    socket.write('0\r\n\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('of unknown length are taken when they are small', async () => {
    await using t = await startTestFront();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"id":'));
        controller.enqueue(new TextEncoder().encode('"made"}'));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const reply = await fetch(`${t.front.url}/v1/instances`, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    });
    expect(reply.status).toBe(201);
  });

  it('that announce too much are refused before they are sent', async () => {
    await using t = await startTestFront();
    const socket = connect(t.front.port, '127.0.0.1');
    const head = `POST /v1/instances HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 900000000\r\n\r\n`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });
});

describe('the server', () => {
  it('takes MAX_CONNECTIONS connections and no more', async () => {
    await using t = await startTestFront({ MAX_CONNECTIONS: '2' });
    const sockets = [0, 1, 2].map(() => connect(t.front.port, '127.0.0.1'));
    const ended = await Promise.race(sockets.map(async (socket) => once(socket, 'close').then(() => socket)));
    expect(sockets).toContain(ended);
    expect(sockets.filter((socket) => !socket.destroyed)).toHaveLength(2);
    for (const socket of sockets) socket.destroy();
  });

  it('answers a malformed Host header with a problem', async () => {
    await using t = await startTestFront();
    const socket = connect(t.front.port, '127.0.0.1');
    socket.write('GET /v1/instances HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n');
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('validation_failed');
  });

  it('rejects when the port is taken', async () => {
    await using t = await startTestFront();
    const { options } = fakes(testConfig({ PORT: String(t.front.port) }));
    await expect(startFront(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('says where it is reached', async () => {
    const { options } = fakes(testConfig({ HOST: '0.0.0.0' }));
    const front = await startFront(options);
    expect(front.url).toBe(`http://127.0.0.1:${front.port}`);
    await front.stop();
  });
});

describe('health', () => {
  it.each([
    ['ok', 200],
    ['degraded', 200],
    ['starting', 503],
  ] as const)('%s is %i', async (status, expected) => {
    await using t = await startTestFront();
    t.commands.healthStatus = status;
    for (const path of ['/health/ready', '/monitoring/health']) {
      const reply = await t.ask('GET', path, { key: null });
      expect([reply.status, reply.body.status]).toEqual([expected, status]);
      expect(reply.body.checks).toMatchObject({ store: { ok: true } });
    }
    expect((await t.ask('GET', '/health/live', { key: null })).body).toEqual({ status: 'ok', checks: {} });
  });
});

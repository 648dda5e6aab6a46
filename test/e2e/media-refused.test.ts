/** Uploads that break off, are too large or find no room, and URLs that misbehave: a clear error, and nothing left. */
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, adminKey, type Stage, startStage } from './support/stage.ts';

const contact = '5511987658010';
const path = '/v1/instances/sales/messages';
const largestBytes = 700_000;
const boundary = 'elenco-refused';
let stage: Stage;
let files: Server;
let liar: TcpServer;
const sockets = new Set<Socket>();
let asked = 0;

/** What each path of the file server does. */
const pages: Readonly<Record<string, [status: number, headers: Record<string, string>, body: string]>> = {
  '/fine': [200, { 'content-type': 'text/plain' }, 'the play'],
  '/round': [302, { location: '/round' }, ''],
  '/to-file': [302, { location: 'file:///etc/passwd' }, ''],
  '/to-nothing': [302, { location: 'http://[' }, ''],
  '/broken': [500, {}, 'no'],
  '/large': [200, {}, 'x'.repeat(largestBytes + 1)],
};
/** Answers as they come over the wire, whatever HTTP says. */
const lies: Readonly<Record<string, string>> = {
  '/short': 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this',
  '/long': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfive and more',
  '/huge': 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx',
  '/garbage': 'SMTP 220 hello\r\n\r\n',
  '/hangs-in-it': 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf',
  '/hangs': '',
};

beforeAll(async () => {
  stage = await startStage({
    ...{ MEDIA_DENY_PRIVATE: 'false', MEDIA_MAX_BYTES: String(largestBytes), MEDIA_SPOOL_MAX_MB: '1' },
  });
  await stage.openInstance('sales');
  files = createServer((request, response) => {
    asked += 1;
    const [status, headers, body] = pages[request.url ?? ''] ?? [404, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  liar = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const asks = / (\/\S*) /.exec(head.toString())?.[1] ?? '';
      socket.write(lies[asks] ?? '');
      if (!asks.startsWith('/hangs') && asks !== '/huge') socket.end();
    });
  });
  await Promise.all(
    [files, liar].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
});
afterAll(async () => {
  await stage.stop();
  for (const socket of sockets) socket.destroy();
  files.closeAllConnections();
  await Promise.all([files, liar].map((server) => new Promise((resolve) => server.close(resolve))));
});

const urlOf = (server: Server | TcpServer, at: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`;
const send = (media: Record<string, string>): Promise<Answer> =>
  stage.call('POST', path, { to: contact, type: 'document', wait: 'delivered', media });

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(stage.dir, 'data', folder), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`);
}
async function untilNothingIsLeft(): Promise<void> {
  const deadline = Date.now() + 25_000;
  for (;;) {
    const left = [...(await filesIn('tmp')), ...(await filesIn('outgoing'))];
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`left behind: ${left.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A request whose body the test writes byte by byte. */
class Upload {
  readonly socket: Socket;
  answer = '';

  constructor(type: string, bodyBytes: number | null) {
    const { hostname, port } = new URL(stage.gateway.url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (part) => {
      this.answer += part.toString();
    });
    const length = bodyBytes === null ? 'transfer-encoding: chunked' : `content-length: ${bodyBytes}`;
    const head = [`POST ${path} HTTP/1.1`, 'host: a', `authorization: Bearer ${adminKey}`, length];
    this.socket.write([...head, `content-type: ${type}`, 'connection: close', '', ''].join('\r\n'));
  }

  /** As multipart: everything before the bytes of the file. */
  static form(fileBytes: number): Upload {
    const upload = new Upload(
      `multipart/form-data; boundary=${boundary}`,
      Upload.#head.length + fileBytes + Upload.#tail.length,
    );
    upload.socket.write(Upload.#head);
    return upload;
  }

  static readonly #head = [
    ...[`--${boundary}`, 'content-disposition: form-data; name="json"', ''],
    JSON.stringify({ to: contact, type: 'document', wait: 'delivered' }),
    ...[`--${boundary}`, 'content-disposition: form-data; name="file"; filename="a.bin"', '', ''],
  ].join('\r\n');
  static readonly #tail = `\r\n--${boundary}--\r\n`;

  bytes(count: number): void {
    this.socket.write(Buffer.alloc(count, 'x'));
  }

  finish(): void {
    this.socket.write(Upload.#tail);
  }

  answered(): Promise<void> {
    return stage.until(() => /^HTTP\/1\.1 \d{3}[\s\S]*\r\n\r\n/.test(this.answer), 'an answer');
  }

  get status(): number {
    return Number(this.answer.split(' ')[1]);
  }
}

/** Until so many bytes of requests are on the disk. */
const untilSpooled = async (): Promise<void> => {
  const deadline = Date.now() + 25_000;
  while ((await filesIn('tmp')).length === 0) {
    if (Date.now() > deadline) throw new Error('nothing was spooled');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('an upload', () => {
  it.each(['form', 'json', 'chunked'] as const)(
    'whose caller is gone in the middle leaves nothing: %s',
    async (kind) => {
      const upload =
        kind === 'form'
          ? Upload.form(600_000)
          : new Upload('application/json', kind === 'json' ? 800_000 : null);
      if (kind === 'form') upload.bytes(300_000);
      else {
        const text = `{"to":"${contact}","type":"document","media":{"base64":"${'A'.repeat(400_000)}`;
        upload.socket.write(kind === 'json' ? text : `${text.length.toString(16)}\r\n${text}\r\n`);
      }
      await untilSpooled();
      upload.socket.destroy();
      await untilNothingIsLeft();
      expect((await send({ base64: Buffer.from('and on it goes').toString('base64') })).status).toBe(201);
    },
  );

  it('that ends before its last part is told so', async () => {
    const upload = new Upload(`multipart/form-data; boundary=${boundary}`, null);
    const part = `--${boundary}\r\ncontent-disposition: form-data; name="json"\r\n\r\n{}\r\n--${boundary}\r\n`;
    upload.socket.write(`${part.length.toString(16)}\r\n${part}\r\n0\r\n\r\n`);
    await upload.answered();
    expect(upload.status).toBe(400);
    await untilNothingIsLeft();
  });

  it('that is too large is 413, in every way it can come', async () => {
    const form = Upload.form(largestBytes + 1);
    form.bytes(largestBytes + 1);
    form.finish();
    await form.answered();
    expect(form.answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"body_too_large"/);
    const large = Buffer.alloc(largestBytes + 1).toString('base64');
    for (const media of [{ base64: large }, { url: urlOf(files, '/large') }, { url: urlOf(liar, '/huge') }])
      expect(await send(media)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    const fits = Upload.form(largestBytes);
    fits.bytes(largestBytes);
    fits.finish();
    await fits.answered();
    expect(fits.status).toBe(201);
    await untilNothingIsLeft();
  });

  it('without room in the spool is told to come again, and then has room', async () => {
    const first = Upload.form(690_000);
    first.bytes(680_000);
    await untilSpooled();
    await stage.until(() => first.socket.writableLength === 0, 'the first upload is under way');
    let refused = await attempt(600_000);
    // The last bytes of the first may be on their way still.
    for (let tried = 0; refused.status === 201 && tried < 20; tried += 1) refused = await attempt(600_000);
    expect(refused.answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused.answer).toMatch(/"mailbox_full"/);
    expect(refused.answer).toMatch(/\r\nretry-after: \d+\r\n/i);
    first.bytes(10_000);
    first.finish();
    await first.answered();
    expect(first.status).toBe(201);
    expect((await attempt(600_000)).status).toBe(201);
    await untilNothingIsLeft();
  });

  async function attempt(bytes: number): Promise<Upload> {
    const upload = Upload.form(bytes);
    upload.bytes(bytes);
    upload.finish();
    await upload.answered();
    return upload;
  }
});

describe('a media URL', () => {
  it.each([
    ['that redirects in a circle', () => urlOf(files, '/round'), /more than 5 redirects/],
    ['that redirects to a file of the machine', () => urlOf(files, '/to-file'), /http or https/],
    ['that redirects to nothing', () => urlOf(files, '/to-nothing'), /no URL/],
    ['that answers 500', () => urlOf(files, '/broken'), /answered 500/],
    ['that ends before what it announced', () => urlOf(liar, '/short'), /broke off/],
    ['that speaks something else', () => urlOf(liar, '/garbage'), /cannot be fetched/],
    ['where nobody listens', () => 'http://127.0.0.1:9/a', /cannot be fetched/],
  ])('%s is a clear error', async (_, url, why) => {
    const answer = await send({ url: url() });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(answer.body.detail).toMatch(why);
    expect(answer.body.errors[0].path).toBe('media.url');
    await untilNothingIsLeft();
  });

  it('that sends more than it announced is what it announced', async () => {
    const answer = await send({ url: urlOf(liar, '/long') });
    const message = stage.sandbox.receivedBy(contact).find(({ id }) => id === answer.body.id)?.message;
    expect(message && stage.sandbox.fileOf(message)?.toString()).toBe('five ');
  });

  it('that hangs is given up, at its head and in its body', { timeout: 60_000 }, async () => {
    const answers = await Promise.all(['/hangs', '/hangs-in-it'].map((at) => send({ url: urlOf(liar, at) })));
    for (const { status, body } of answers) expect([status, body.code]).toEqual([400, 'validation_failed']);
    await untilNothingIsLeft();
  });
});

describe('MEDIA_DENY_PRIVATE', () => {
  it('is on by default: nothing on this machine is asked', async () => {
    await stage.stopGateway();
    await stage.startGateway({ MEDIA_DENY_PRIVATE: 'true' });
    await stage.untilState('sales', 'open');
    const before = asked;
    const { port } = files.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0.0.0.0']) {
      const answer = await send({ url: `http://${host}:${port}/fine` });
      expect([host, answer.status]).toEqual([host, 400]);
      expect(answer.body.detail).toMatch(/MEDIA_DENY_PRIVATE/);
    }
    expect(asked).toBe(before);
    await untilNothingIsLeft();
  });
});

/** An instance with a proxy reaches WhatsApp through it and through nothing else. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let proxy: Server;
const tunnels: { target: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  stage = await startStage();
  proxy = createServer().on('connect', (request, socket, head) => {
    tunnels.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    const [host, port] = (request.url ?? '').split(':');
    const through = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.write(head);
      socket.pipe(through).pipe(socket);
    });
    for (const end of [socket, through]) end.on('error', () => through.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await stage.stop();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

it('opens through an HTTP proxy with credentials, and never shows the password', async () => {
  const { port } = proxy.address() as AddressInfo;
  const url = `http://ana:segredo@127.0.0.1:${port}`;
  const made = await stage.call('POST', '/v1/instances', { id: 'tunnelled', proxy: { url } });
  expect(made.status).toBe(201);
  expect(JSON.stringify(made.body)).not.toContain('segredo');
  const shown = await stage.call('GET', '/v1/instances/tunnelled/qr?wait=20');
  await stage.sandbox.scan(shown.body.qr);
  await stage.untilState('tunnelled', 'open');
  const target = new URL(stage.sandbox.url).host;
  expect(tunnels.length).toBeGreaterThanOrEqual(2);
  expect(new Set(tunnels.map((tunnel) => tunnel.target))).toEqual(new Set([target]));
  const credentials = `Basic ${Buffer.from('ana:segredo').toString('base64')}`;
  expect(new Set(tunnels.map((tunnel) => tunnel.authorization))).toEqual(new Set([credentials]));
});

it('a proxy that is not there is a reason in lastError', async () => {
  await stage.call('POST', '/v1/instances', { id: 'stranded', proxy: { url: 'socks5://127.0.0.1:9' } });
  await stage.until(
    () => stage.gateway.commands.getInstance('stranded')?.status.lastError !== null,
    'a reason in lastError',
  );
  expect(stage.gateway.commands.getInstance('stranded')?.status).toMatchObject({
    state: 'reconnecting',
    lastError: { code: 'connection_refused' },
  });
});

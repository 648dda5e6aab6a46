/** Connections that never come to be: each ends with one `Closed` that says why. */
import { beforeAll, expect, test } from 'vitest';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import { GatewayAccount } from './support/gateway-account.ts';
import { startRefusing, startSilent } from './support/servers.ts';

beforeAll(() => installWhatsapp({ rootKey: '11'.repeat(32), quiet: false }));

async function closedBy(url: string, connectTimeoutMs?: number): Promise<{ code: number; detail: string }> {
  const account = new GatewayAccount({ url, ...(connectTimeoutMs ? { connectTimeoutMs } : {}) });
  await account.open();
  const { cause } = await account.fact('Closed');
  await account.socket.end();
  await account.socket.end();
  expect(account.facts.map(({ kind }) => kind)).toEqual(['Closed']);
  expect(account.socket.isOpen).toBe(false);
  return cause;
}

// Baileys listens for ws' `unexpected-response` and thereby keeps ws from closing: without us it waits forever.
test('an upgrade answered with 503', async () => {
  const server = await startRefusing(503);
  expect(await closedBy(server.url)).toEqual({
    code: 503,
    detail: 'the server answered the upgrade with HTTP 503',
  });
  await server.stop();
});

test('an upgrade answered with 401 is no logout', async () => {
  const server = await startRefusing(401);
  expect((await closedBy(server.url)).code).toBe(408);
  await server.stop();
});

test('an upgrade that is never answered ends with the deadline of its phase', async () => {
  const server = await startSilent();
  expect(await closedBy(server.url, 200)).toEqual({
    code: 408,
    detail: 'no progress in 200 ms while connecting',
  });
  await server.stop();
});

test('a port that nobody listens on', async () => {
  const server = await startSilent();
  await server.stop();
  expect((await closedBy(server.url)).detail).toMatch(/ECONNREFUSED/);
});

test('a proxy of no known kind is refused in words', async () => {
  const { openWaSocket } = await import('../../src/whatsapp/connect.ts');
  const account = new GatewayAccount({ url: 'ws://127.0.0.1:9/' });
  await expect(openWaSocket({ ...account.socketOptions(), proxyUrl: 'ftp://proxy:1' })).rejects.toMatchObject(
    {
      code: 'validation_failed',
    },
  );
});

test('credentials that cannot be read are an error, never a new pairing', async () => {
  const account = new GatewayAccount({ url: 'ws://127.0.0.1:9/' });
  account.store.failing = 'reads';
  await expect(account.open()).rejects.toMatchObject({ code: 'store_failed' });
  account.store.failing = 'no';
  const server = await startSilent();
  const next = new GatewayAccount({ url: server.url, store: account.store });
  await next.open();
  await next.socket.end();
  await server.stop();
});

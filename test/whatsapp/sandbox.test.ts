/** Real sockets against the sandbox: pairing, login, messages both ways, numbers, the end. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import { GatewayAccount } from './support/gateway-account.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  installWhatsapp({ rootKey: sandbox.rootKey, quiet: false });
});
afterAll(() => sandbox.stop());

async function paired(instance: string): Promise<GatewayAccount> {
  const account = await new GatewayAccount({ url: sandbox.url, instance }).open();
  const { qr } = await account.fact('QrShown');
  await sandbox.scan(qr);
  await account.fact('Paired');
  const closed = await account.fact('Closed');
  expect(closed.cause.code).toBe(515);
  const before = account.facts.length;
  await account.open();
  await account.fact('Opened', before);
  return account;
}

test('pairs by QR, logs in, sends with an acknowledgement and receives the echo', async () => {
  const account = await paired('first');
  const { me } = await account.fact('Opened');
  expect(me.pn).toMatch(/@s\.whatsapp\.net$/);
  expect(me.lid).toMatch(/@lid$/);
  const [found, absent] = await account.socket.queryNumbers(['5511900000001', '123']);
  expect(found?.exists).toBe(true);
  expect(absent?.exists).toBe(false);
  const { id } = await account.send(found?.jid ?? '', 'hello');
  expect(id).toBeTruthy();
  const echo = await account.message((message) => message.text?.includes('hello') === true);
  expect(echo.from.pn).toBe(found?.jid);
  expect(echo.from.lid).toBe(found?.lid);
  await account.socket.end();
});

/** A connection to a server under another certificate root really fails, before anything is sent. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { installWhatsapp } from '../../src/whatsapp/install.ts';
import { GatewayAccount } from './support/gateway-account.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  installWhatsapp({ rootKey: randomBytes(32).toString('hex'), quiet: false });
});
afterAll(() => sandbox.stop());

test('a wrong root ends the handshake with a certificate error', async () => {
  const account = await new GatewayAccount({ url: sandbox.url }).open();
  const { cause } = await account.fact('Closed');
  expect(cause.detail).toMatch(/certificate/);
  expect(account.facts.map(({ kind }) => kind)).toEqual(['Closed']);
  expect(sandbox.stats().total.handshakes).toBe(0);
  await account.socket.end();
});

test('the thread keeps its root', () => {
  expect(() => installWhatsapp({ rootKey: sandbox.rootKey })).toThrow(/one certificate root/);
  expect(() => installWhatsapp({ rootKey: 'abc' })).toThrow(/64 hex digits/);
});

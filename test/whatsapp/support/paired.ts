/** Accounts that are paired with a sandbox and logged in. */
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { GatewayAccount } from './gateway-account.ts';

/** Opens again with what is stored and waits for the login. */
export async function reopened(account: GatewayAccount): Promise<GatewayAccount> {
  const before = account.facts.length;
  await account.open();
  await account.fact('Opened', before);
  return account;
}

export async function paired(sandbox: Sandbox, instance: string, phone?: string): Promise<GatewayAccount> {
  const account = await new GatewayAccount({ url: sandbox.url, instance }).open();
  const { qr } = await account.fact('QrShown');
  await sandbox.scan(qr, phone ? { phone } : {});
  await account.fact('Closed');
  return reopened(account);
}

export const phoneOf = async (account: GatewayAccount): Promise<string> =>
  (await account.fact('Opened')).me.pn?.split('@')[0] ?? '';

/**
 * The virtual phone (device 0) of an account gets a copy of a message: its own account's, or one from
 * another account. It decrypts, so that failures are seen, and asks for a retry. It sends no receipts:
 * what counts as delivered is what the companion received.
 */
import { askRetry } from '../messages/ask-retry.ts';
import { type Copy, openCopy } from '../messages/copy.ts';
import { userJid } from '../wire/jid.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import type { Companion } from './companion.ts';

export async function receiveAtPhone(
  world: World,
  account: Account,
  sender: Companion,
  copy: Copy,
): Promise<void> {
  if (!world.settings.phoneDecrypts) return;
  const message = await openCopy(world, account.phoneDevice, sender, copy);
  if (message) {
    account.phoneRetries.delete(copy.id);
    return;
  }
  const isOwn = account === sender.account;
  const from = userJid(copy.to);
  const failed = isOwn ? { id: copy.id, from, recipient: copy.chat } : { id: copy.id, from };
  askRetry(world, account.phoneDevice, account.phoneRetries, sender, failed);
}

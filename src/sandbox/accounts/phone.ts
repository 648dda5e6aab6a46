/**
 * The virtual phone (device 0) of an account gets a copy of a message: its own account's, or one from
 * another account. It decrypts, so that failures are seen, and asks for a retry. It sends no receipts:
 * what counts as delivered is what the companion received.
 */
import { limits } from '../limits.ts';
import { mediaPartOf } from '../media/parts.ts';
import { askRetry } from '../messages/ask-retry.ts';
import { type Copy, openCopy } from '../messages/copy.ts';
import { userJid } from '../wire/jid.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import type { Companion } from './companion.ts';

function rememberMedia(account: Account, id: string, message: proto.IMessage): void {
  if (!mediaPartOf(message)) return;
  account.sentMedia.set(id, message);
  const [oldest = ''] = account.sentMedia.keys();
  if (account.sentMedia.size > limits.sentMediaMax) account.sentMedia.delete(oldest);
}

export async function receiveAtPhone(
  world: World,
  account: Account,
  sender: Companion,
  copy: Copy,
): Promise<void> {
  if (!world.settings.phoneDecrypts) return;
  const isOwn = account === sender.account;
  const message = await openCopy(world, account.phoneDevice, sender, copy);
  if (message) {
    account.phoneRetries.delete(copy.id);
    if (isOwn) rememberMedia(account, copy.id, message);
    return;
  }
  const from = userJid(copy.to);
  const failed = isOwn ? { id: copy.id, from, recipient: copy.chat } : { id: copy.id, from };
  askRetry(world, account.phoneDevice, account.phoneRetries, sender, failed);
}

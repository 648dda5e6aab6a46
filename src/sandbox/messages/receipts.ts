/**
 * Receipts and acknowledgements from companions: they settle what the queue holds, and receipts are
 * handed to the accounts that wrote the messages. Called by the dispatch.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliverToAll, settle } from '../accounts/delivery.ts';
import { limits } from '../limits.ts';
import { acceptMediaRetry } from '../media/media-retry.ts';
import { isGroup, isLid, parseJid } from '../wire/jid.ts';
import { childrenNamed, childrenOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { retry } from './retries.ts';

/** Types that say "this device has the message". */
const deliveryTypes = new Set(['', 'inactive', 'sender', 'peer_msg']);
/** Type on the way in → type on the way out. */
const forwarded = new Map([
  ['', undefined],
  ['inactive', undefined],
  ['read', 'read'],
  ['played', 'played'],
]);

const idsOf = (receipt: Node): string[] => [
  receipt.attrs['id'] ?? '',
  ...childrenOf(receipt).flatMap((list) => childrenNamed(list, 'item').map((item) => item.attrs['id'] ?? '')),
];

/** Tells the account that wrote the messages; contacts need no telling. */
function forward(world: World, from: Companion, receipt: Node): void {
  const { to = '', participant, type = '' } = receipt.attrs;
  if (!forwarded.has(type)) return;
  const author = world.accounts.find(parseJid(participant ?? to).user);
  if (!author || author === from.account) return;
  const self = isLid(participant ?? to) ? from.account.lidJid : from.account.pn;
  const address = isGroup(to) ? { from: to, participant: self } : { from: self };
  for (const id of idsOf(receipt)) {
    const attrs = { ...address, id, type: forwarded.get(type), t: world.nowSeconds() };
    deliverToAll(world, author.companions.values(), node('receipt', attrs));
  }
}

const readTypes: readonly string[] = ['read', 'read-self'];

/** What one device of an account read its other devices hear. */
function tellOwn(world: World, from: Companion, receipt: Node): void {
  const { to = '', type = '' } = receipt.attrs;
  if (!readTypes.includes(type)) return;
  const own = isLid(receipt.attrs['participant'] ?? to) ? from.account.lidJid : from.account.pn;
  const address = isGroup(to) ? { from: to, participant: own } : { from: own, recipient: to };
  for (const id of idsOf(receipt)) {
    const told = node('receipt', { ...address, id, type, t: world.nowSeconds() });
    deliverToAll(world, from.account.companions.values(), told, from);
  }
}

export async function acceptReceipt(world: World, from: Companion, receipt: Node): Promise<void> {
  const { id, to, type = '', participant } = receipt.attrs;
  world.counters.add('receiptsIn', from.account.phone);
  const kind = type === '' ? undefined : type;
  from.link?.send(node('ack', { class: 'receipt', id, from: to, type: kind, participant }));
  if (deliveryTypes.has(type)) {
    for (const each of idsOf(receipt)) settle(world, from, { kind: 'message', id: each, from: to });
  }
  if (type === 'server-error') acceptMediaRetry(world, from, receipt);
  else if (type === 'retry') {
    const failed = from.queue.find('message', id ?? '', to);
    if (failed) failed.isRetryAsked = true;
    await retry(world, from, receipt);
    return;
  }
  forward(world, from, receipt);
  tellOwn(world, from, receipt);
}

/** Refusal of a message that could not be decrypted. */
const cannotDecrypt = '500';

/**
 * A message that was refused without a request for another copy (the request was lost, or Baileys gave
 * up) stays in the queue and is sent again after the next login, a few times.
 */
function mayAskAgain(from: Companion, id: string, to: string | undefined): boolean {
  const entry = from.queue.find('message', id, to);
  return entry !== null && entry.isRetryAsked !== true && entry.sends < limits.retryCountMax;
}

export function acceptAck(world: World, from: Companion, ack: Node): void {
  const { class: kind = '', id = '', to, error } = ack.attrs;
  if (kind === 'message' && error !== undefined) world.counters.add('messagesNacked', from.account.phone);
  if (error === cannotDecrypt && mayAskAgain(from, id, to)) return;
  settle(world, from, { kind, id, from: to, error });
}

/**
 * A companion could not decrypt and asks again. Virtual senders encrypt the same message anew; for other
 * accounts the request is handed to the companion that sent it. Called by `receipts.ts`.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import type { Bundle } from '../signal/device.ts';
import { isLid, parseJid } from '../wire/jid.ts';
import { childBytes, childOf, type Node, node, uintOf } from '../wire/node.ts';
import type { World } from '../world.ts';
import { sendVirtual, takeBundle } from './virtual-send.ts';

/** The bundle that the receipt carries from its second try on. */
function bundleIn(receipt: Node): Bundle | null {
  const keys = childOf(receipt, 'keys');
  const signed = childOf(keys, 'skey');
  const preKey = childOf(keys, 'key');
  if (!keys || !signed) return null;
  return {
    registrationId: uintOf(childBytes(receipt, 'registration')),
    identityKey: childBytes(keys, 'identity'),
    signedPreKey: {
      id: uintOf(childBytes(signed, 'id')),
      publicKey: childBytes(signed, 'value'),
      signature: childBytes(signed, 'signature'),
    },
    preKey: preKey ? { id: uintOf(childBytes(preKey, 'id')), publicKey: childBytes(preKey, 'value') } : null,
  };
}

async function resend(world: World, companion: Companion, receipt: Node): Promise<boolean> {
  const outgoing = world.sent.find(receipt.attrs['id'] ?? '', companion);
  if (!outgoing) return false;
  const bundle = bundleIn(receipt) ?? takeBundle(world, companion);
  await outgoing.party.establish(companion.account.lid, companion.device, bundle);
  await sendVirtual(world, outgoing, childOf(receipt, 'retry')?.attrs['count'] ?? '1');
  return true;
}

/** Hands the request on to the device that sent the message, as coming from the one that asks. */
function forward(world: World, requester: Companion, receipt: Node): void {
  const { to = '', participant, recipient, id, t } = receipt.attrs;
  const sender = parseJid(participant ?? to);
  const target = world.accounts.find(sender.user)?.companions.get(sender.device);
  if (!target) return;
  const self = isLid(participant ?? to) ? requester.lid : requester.pn;
  const address = participant ? { from: to, participant: self } : { from: self };
  const attrs = { ...address, id, type: 'retry', recipient, t: t ?? world.nowSeconds() };
  deliver(world, target, node('receipt', attrs, receipt.content));
}

export async function retry(world: World, requester: Companion, receipt: Node): Promise<void> {
  world.counters.add('retriesIn', requester.account.phone);
  if (!(await resend(world, requester, receipt))) forward(world, requester, receipt);
}

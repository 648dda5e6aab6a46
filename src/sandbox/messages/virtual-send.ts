/**
 * A virtual party (a contact, or an account's phone) sends a message to one companion: session, padding,
 * encryption, delivery. Messages of one party to one companion leave in call order.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import { noticeLowPreKeys } from '../accounts/prekey-notice.ts';
import type { Bundle } from '../signal/device.ts';
import { node } from '../wire/node.ts';
import { pad } from '../wire/padding.ts';
import type { World } from '../world.ts';
import type { Outgoing } from './sent-cache.ts';

export function takeBundle(world: World, companion: Companion): Bundle {
  const bundle = companion.takeBundle();
  noticeLowPreKeys(world, companion);
  return bundle;
}

/** `count` is set when this answers a retry receipt. */
export async function sendVirtual(world: World, outgoing: Outgoing, count?: string): Promise<void> {
  const { companion, party, attrs, plain } = outgoing;
  if (count === undefined) world.sent.add(outgoing);
  const sealed = await party.encrypt(companion.account.lid, companion.device, pad(plain), () =>
    takeBundle(world, companion),
  );
  const enc = node('enc', { v: '2', type: sealed.type, count }, sealed.ciphertext);
  deliver(world, companion, node('message', attrs, [enc]));
}

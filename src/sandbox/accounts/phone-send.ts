/**
 * The owner of an account writes on the phone: the chat's other side gets the message, the companions get
 * their copies. Used by the library and the control API.
 */

import { stanzaType } from '../contacts/speak.ts';
import { sendVirtual } from '../messages/virtual-send.ts';
import { personOf } from '../people.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';

/** Resolves with the message id when every copy is queued. Contacts are written to without encryption. */
export async function sendFromPhone(
  world: World,
  account: Account,
  to: string,
  message: proto.IMessage,
): Promise<string> {
  const person = personOf(world, to);
  const id = world.stanzaId('3A');
  const common = { id, type: stanzaType(message), notify: account.pushName, t: world.nowSeconds() };
  const plain = proto.Message.encode(message).finish();
  const own = proto.Message.encode({ deviceSentMessage: { destinationJid: person.pn, message } }).finish();
  const party = account.phoneDevice;
  const ownAttrs = { ...common, from: account.pn, recipient: person.pn, peer_recipient_lid: person.lid };
  const copies = [...account.companions.values()].map((companion) =>
    sendVirtual(world, { companion, party, attrs: ownAttrs, plain: own }),
  );
  const attrs = { ...common, from: account.pn, sender_lid: account.lidJid };
  for (const companion of world.accounts.find(person.number)?.companions.values() ?? []) {
    copies.push(sendVirtual(world, { companion, party, attrs, plain }));
  }
  await Promise.all(copies);
  return id;
}

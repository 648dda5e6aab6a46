/**
 * A contact installs WhatsApp anew: its identity changes, and the accounts that had a session with it are
 * told. Called by the speaker.
 */
import { deliverToAll } from '../accounts/delivery.ts';
import { node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Contact } from './contacts.ts';

export function noticeIdentity(world: World, contact: Contact): void {
  const known = new Set([...contact.device.sessions.keys()].map((address) => address.split('.')[0] ?? ''));
  world.contacts.reinstall(contact);
  for (const user of known) {
    const account = world.accounts.find(user);
    if (!account) continue;
    const attrs = { from: contact.pn, lid: contact.lidJid, type: 'encrypt', id: world.stanzaId('I') };
    const notice = node('notification', { ...attrs, t: world.nowSeconds() }, [node('identity')]);
    deliverToAll(world, account.companions.values(), notice);
  }
}

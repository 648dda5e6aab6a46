/**
 * Contacts as they change on the phone: names of the address book (app state) and pictures. Subscribed by
 * `capability-events.ts`. What contacts call themselves comes with every message and is no event.
 */
import { isJidGroup } from '@whiskeysockets/baileys';
import type { NewEvent } from '../protocol/events.ts';
import type { Party } from '../protocol/message.ts';
import type { CapabilityParts } from './capability-parts.ts';

type Change = Omit<NewEvent<'contact.updated'>['data'], 'contact'>;

const updated = (contact: Party, change: Change): NewEvent<'contact.updated'> => ({
  type: 'contact.updated',
  chat: null,
  data: { contact, ...change },
});

export function subscribeContacts({ sock, facts, party }: CapabilityParts): void {
  const raise = (jid: string, other: string | null, change: Change): void =>
    facts.raise(async () => [updated(await party(jid, other), change)]);
  sock.ev.on('contacts.upsert', (contacts) => {
    for (const { id, lid, phoneNumber, name } of contacts) {
      const other = id === lid ? phoneNumber : lid;
      if (name && id) raise(id, other ?? null, { name, picture: null });
    }
  });
  sock.ev.on('contacts.update', (contacts) => {
    for (const { id, imgUrl } of contacts) {
      if (!id || isJidGroup(id)) continue;
      if (imgUrl === 'changed' || imgUrl === 'removed') raise(id, null, { name: null, picture: imgUrl });
    }
  });
}

/** Somebody was blocked or unblocked on another device of the account. Subscribed by `capability-events.ts`. */
import { blocklistUpdated } from './blocklist.ts';
import type { CapabilityParts } from './capability-parts.ts';

export function subscribeBlocklist({ sock, facts, party }: CapabilityParts): void {
  sock.ev.on('blocklist.update', ({ blocklist, type }) =>
    facts.raise(async () => {
      const contacts = await Promise.all(blocklist.map((jid) => party(jid)));
      return contacts.map((contact) => blocklistUpdated(contact, type === 'add'));
    }),
  );
}

/**
 * A message or a reaction to a newsletter: kept with a server id, brought to the followers' devices.
 * Called by the message room.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import { bytesOf, childOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Newsletter, NewsletterMessage } from './newsletters.ts';

function react(newsletter: Newsletter, stanza: Node): void {
  const message = newsletter.messages.find(({ serverId }) => String(serverId) === stanza.attrs['server_id']);
  const code = childOf(stanza, 'reaction')?.attrs['code'];
  if (!message || code === undefined) return;
  message.reactions.set(code, (message.reactions.get(code) ?? 0) + 1);
}

export function messageNode(newsletter: Newsletter, message: NewsletterMessage): Node {
  const attrs = {
    from: newsletter.jid,
    id: message.id,
    server_id: String(message.serverId),
    type: 'text',
    t: String(message.at),
  };
  return node('message', attrs, [node('plaintext', {}, message.plain)]);
}

/** Error code for the acknowledgement, or null where it was taken. */
export function publish(world: World, sender: Companion, stanza: Node): string | null {
  const newsletter = world.newsletters.find(stanza.attrs['to'] ?? '');
  if (!newsletter) return '404';
  if (stanza.attrs['type'] === 'reaction') {
    react(newsletter, stanza);
    return null;
  }
  if (newsletter.owner !== sender.account.phone) return '403';
  const message: NewsletterMessage = {
    serverId: newsletter.messages.length + 100,
    id: stanza.attrs['id'] ?? '',
    at: Number(world.nowSeconds()),
    plain: bytesOf(childOf(stanza, 'plaintext')),
    reactions: new Map(),
  };
  newsletter.messages.push(message);
  for (const number of newsletter.followers) {
    const account = world.accounts.find(number);
    if (account) deliverToAll(world, account.companions.values(), messageNode(newsletter, message), sender);
  }
  return null;
}

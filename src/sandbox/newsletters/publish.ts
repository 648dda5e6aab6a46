/**
 * A message or a reaction to a newsletter: kept with a server id, brought to the followers' devices.
 * Called by the message room.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import { bytesOf, childOf, childrenOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Newsletter, NewsletterMessage } from './newsletters.ts';

function react(newsletter: Newsletter, stanza: Node): void {
  const message = newsletter.messages.find(({ serverId }) => String(serverId) === stanza.attrs['server_id']);
  const code = childOf(stanza, 'reaction')?.attrs['code'];
  if (!message || code === undefined) return;
  message.reactions.set(code, (message.reactions.get(code) ?? 0) + 1);
}

function messageNode(newsletter: Newsletter, message: NewsletterMessage): Node {
  const attrs = {
    from: newsletter.jid,
    id: message.id,
    server_id: String(message.serverId),
    type: 'text',
    t: String(message.at),
  };
  return node('message', attrs, [node('plaintext', {}, message.plain)]);
}

/** A message in a list, with what became of it. Every follower counts as one who saw it. */
export function listedNode(newsletter: Newsletter, message: NewsletterMessage): Node {
  const plain = messageNode(newsletter, message);
  const reactions = [...message.reactions].map(([code, count]) =>
    node('reaction', { code, count: String(count) }),
  );
  const views = node('views_count', { count: String(newsletter.followers.size) });
  return { ...plain, content: [...childrenOf(plain), views, node('reactions', {}, reactions)] };
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
  world.changed();
  for (const number of newsletter.followers) {
    const account = world.accounts.find(number);
    if (account) deliverToAll(world, account.companions.values(), messageNode(newsletter, message), sender);
  }
  return null;
}

/**
 * Who is online, who is typing, who wants to know. Called by the dispatch and the control API. Nothing
 * here is queued: presence that nobody hears is gone.
 */
import type { Companion } from '../accounts/companion.ts';
import { personByJid } from '../contacts/directory.ts';
import { memberJid } from '../groups/addresses.ts';
import { isGroup, isLid, parseJid } from '../wire/jid.ts';
import { childrenOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';

/** Companions that subscribed to a number, and under which address. */
export class Presence {
  readonly #subscribers = new Map<string, Map<Companion, string>>();

  subscribe(number: string, companion: Companion, as: string): void {
    const known = this.#subscribers.get(number) ?? new Map<Companion, string>();
    known.set(companion, as);
    this.#subscribers.set(number, known);
  }

  of(number: string): Iterable<[Companion, string]> {
    return this.#subscribers.get(number) ?? [];
  }
}

const presenceNode = (from: string, isAvailable: boolean, world: World): Node =>
  node('presence', isAvailable ? { from } : { from, type: 'unavailable', last: world.nowSeconds() });

/** Online as a subscriber sees it: an account by its companions, a contact by its behaviour. */
function isOnline(world: World, number: string): boolean {
  const account = world.accounts.find(number);
  if (account) return [...account.companions.values()].some((companion) => companion.isAvailable);
  return world.contacts.find(number)?.behaviour === 'echo';
}

export function showPresence(world: World, number: string, isAvailable: boolean): void {
  for (const [subscriber, as] of world.presence.of(number)) {
    if (subscriber.isLive) subscriber.link?.send(presenceNode(as, isAvailable, world));
  }
}

function subscribe(world: World, companion: Companion, to: string): void {
  const person = personByJid(world, to);
  if (!person) return;
  world.presence.subscribe(person.number, companion, to);
  companion.link?.send(presenceNode(to, isOnline(world, person.number), world));
}

export function acceptPresence(world: World, companion: Companion, stanza: Node): void {
  const { type, name, to } = stanza.attrs;
  if (to !== undefined) {
    if (type === 'subscribe') subscribe(world, companion, to);
    return;
  }
  if (name !== undefined) companion.pushName = name;
  if (type !== 'available' && type !== 'unavailable') return;
  companion.isAvailable = type === 'available';
  showPresence(world, companion.account.phone, companion.isAvailable);
}

/** Shows typing of `number` to the other side of a chat: one account, or the members of a group. */
export function showChatState(world: World, number: string, to: string, state: Node): void {
  const group = isGroup(to) ? world.groups.find(to) : null;
  const audience = group ? [...group.members.keys()] : [personByJid(world, to)?.number ?? ''];
  const writer = personByJid(world, `${number}@s.whatsapp.net`);
  if (!writer) return;
  const self = isLid(to) ? writer.lid : writer.pn;
  const attrs = group ? { from: to, participant: memberJid(group, number) } : { from: self };
  for (const member of audience) {
    if (member === number) continue;
    for (const companion of world.accounts.find(member)?.companions.values() ?? []) {
      if (companion.isLive) companion.link?.send(node('chatstate', attrs, [state]));
    }
  }
}

export function acceptChatState(world: World, companion: Companion, stanza: Node): void {
  const [state] = childrenOf(stanza);
  const { to = '' } = stanza.attrs;
  world.log.info(
    { account: companion.account.phone, to: parseJid(to).user, state: state?.tag },
    'chat state',
  );
  if (state) showChatState(world, companion.account.phone, to, state);
}

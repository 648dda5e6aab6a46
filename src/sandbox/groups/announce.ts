/**
 * Tells the members' devices about a change of a group (notification w:gp2). Called after every change;
 * `also` names people who are no longer members and must know too.
 */
import { deliverToAll } from '../accounts/delivery.ts';
import { type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { participantAttrs } from './addresses.ts';
import type { Group } from './group.ts';

export function announce(
  world: World,
  group: Group,
  actor: string,
  change: Node,
  options: { readonly also?: readonly string[]; readonly only?: readonly string[] } = {},
): void {
  const attrs = {
    from: group.jid,
    type: 'w:gp2',
    id: world.stanzaId('G'),
    t: world.nowSeconds(),
    ...participantAttrs(group, actor),
  };
  const audience = options.only ?? [...group.members.keys(), ...(options.also ?? [])];
  for (const number of new Set(audience)) {
    const account = world.accounts.find(number);
    if (account) deliverToAll(world, account.companions.values(), node('notification', attrs, [change]));
  }
  world.changed();
}

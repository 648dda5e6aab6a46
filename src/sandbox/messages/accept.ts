/**
 * A message from a companion, before it goes anywhere: record, refuse or acknowledge, then hand it to the
 * room of its destination. Called by the dispatch.
 */
import type { Companion } from '../accounts/companion.ts';
import { relayStatus, relayToGroup } from '../groups/relay.ts';
import { publish } from '../newsletters/publish.ts';
import { isGroup, isNewsletter, statusJid } from '../wire/jid.ts';
import type { Node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { acknowledge, record, relayDirect } from './relay.ts';

/** Error code, or null where the message was taken on its way. */
function relay(world: World, sender: Companion, stanza: Node): string | null {
  const { to = '' } = stanza.attrs;
  if (isGroup(to)) return relayToGroup(world, sender, stanza);
  if (isNewsletter(to)) return publish(world, sender, stanza);
  if (to === statusJid) relayStatus(world, sender, stanza);
  else relayDirect(world, sender, stanza);
  return null;
}

export function acceptMessage(world: World, sender: Companion, stanza: Node): void {
  const entry = record(world, sender, stanza);
  const error = world.rules.refusal(sender.account.phone, stanza) ?? relay(world, sender, stanza);
  acknowledge(world, sender, stanza, error ?? undefined);
  if (error === null) return;
  entry.state = 'refused';
  entry.error = error;
  world.counters.add('errorAcks', sender.account.phone);
}

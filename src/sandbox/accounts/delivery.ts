/**
 * The way of every stanza to a companion: ledger, queue, wire; and back: acknowledgement, ledger.
 * Called by relay, contacts, groups and notices. Nothing else may put an acknowledgeable stanza on a link.
 */
import type { Node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Companion } from './companion.ts';
import type { QueueEntry } from './queue.ts';

const outCounter = { message: 'messagesOut', receipt: 'receiptsOut' } as const;

function openRecord(world: World, companion: Companion, node: Node): QueueEntry {
  const record = world.ledger.open({
    at: world.clock.now(),
    account: companion.account.phone,
    device: companion.device,
    direction: 'toAccount',
    kind: node.tag,
    id: node.attrs['id'] ?? '',
    peer: node.attrs['from'] ?? '',
    type: node.attrs['type'] ?? '',
    state: 'queued',
  });
  return { node, record, sends: 0 };
}

/** Queues a stanza that the device has to acknowledge, and sends it when the device is live. */
export function deliver(world: World, companion: Companion, node: Node): void {
  const entry = openRecord(world, companion, node);
  const dropped = companion.queue.add(entry);
  if (dropped?.record) dropped.record.state = 'dropped';
  if (dropped) world.counters.add('queueDropped', companion.account.phone);
  if (companion.isLive) transmit(world, companion, entry, false);
  world.changed();
}

export function transmit(world: World, companion: Companion, entry: QueueEntry, isOffline: boolean): void {
  if (!companion.link) return;
  const { node, record } = entry;
  if (entry.sends > 0) world.counters.add('redelivered', companion.account.phone);
  entry.sends += 1;
  if (record) {
    record.sends = entry.sends;
    record.state = 'sent';
  }
  const counter = node.tag === 'message' || node.tag === 'receipt' ? outCounter[node.tag] : null;
  if (counter) world.counters.add(counter, companion.account.phone);
  companion.link.send(isOffline ? { ...node, attrs: { ...node.attrs, offline: '1' } } : node);
}

/** An acknowledgement came in. `error` is set for a refusal, which settles the stanza too. */
export function settle(
  world: World,
  companion: Companion,
  ack: { kind: string; id: string; from: string | undefined; error?: string | undefined },
): void {
  const entry = companion.queue.settle(ack.kind, ack.id, ack.from);
  if (!entry) return;
  world.changed();
  if (ack.kind === 'message' && !ack.error) world.counters.add('messagesAcked', companion.account.phone);
  if (!entry.record) return;
  entry.record.acks += 1;
  entry.record.settledAt = world.clock.now();
  entry.record.state = ack.error ? 'nacked' : 'acked';
  entry.record.error = ack.error ?? null;
}

/** Sends to every companion of an account except one. */
export function deliverToAll(
  world: World,
  companions: Iterable<Companion>,
  node: Node,
  except?: Companion,
): void {
  for (const companion of companions) if (companion !== except) deliver(world, companion, node);
}

/**
 * A companion sends a message: acknowledge it, then bring each copy to its device. One-to-one messages
 * are here; other destinations have their own rooms. Never decrypts: devices do.
 */

import { detach } from '../../detach.ts';
import { errorFields } from '../../log.ts';
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import { receiveAtPhone } from '../accounts/phone.ts';
import { personByJid } from '../contacts/directory.ts';
import { receiveAtContact } from '../contacts/receive.ts';
import { isLid, lidJid, parseJid, pnJid } from '../wire/jid.ts';
import { childOf, childrenNamed, childrenOf, type Node, type NodeAttrs, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Copy } from './copy.ts';

/** Children that stay with the sender's server and are not handed on. */
export const notRelayed = new Set(['participants', 'tctoken', 'reporting', 'enc']);

export function copiesOf(stanza: Node): Copy[] {
  const { id = '', to: chat = '' } = stanza.attrs;
  const copies: Copy[] = [];
  for (const to of childrenNamed(childOf(stanza, 'participants'), 'to')) {
    const enc = childOf(to, 'enc');
    if (enc) copies.push({ id, to: to.attrs['jid'] ?? '', chat, enc, stanza });
  }
  if (copies.length > 0) return copies;
  const enc = childOf(stanza, 'enc');
  return enc ? [{ id, to: chat, chat, enc, stanza }] : [];
}

/** How the sender is shown to a device that is addressed by LID or by number. */
export function senderAttrs(sender: Companion, to: string): NodeAttrs {
  const { account, device } = sender;
  if (isLid(to)) return { from: lidJid(account.lid, device), sender_pn: account.pn, addressing_mode: 'lid' };
  return { from: pnJid(account.phone, device), sender_lid: account.lidJid };
}

/**
 * How an account sees its own message on another of its devices: the other side's second address is the
 * chat's, never its own (Baileys stores it as the chat's mapping).
 */
function ownAttrs(world: World, sender: Companion, to: string, chat: string): NodeAttrs {
  const { account, device } = sender;
  const person = personByJid(world, chat);
  if (isLid(to))
    return { from: lidJid(account.lid, device), peer_recipient_pn: person?.pn, addressing_mode: 'lid' };
  return { from: pnJid(account.phone, device), peer_recipient_lid: person?.lid };
}

function forCompanion(world: World, sender: Companion, copy: Copy, isOwn: boolean): Node {
  const { id, type, edit, category } = copy.stanza.attrs;
  const attrs = {
    ...(isOwn ? ownAttrs(world, sender, copy.to, copy.chat) : senderAttrs(sender, copy.to)),
    id,
    type,
    edit,
    category,
    recipient: isOwn ? (copy.stanza.attrs['recipient'] ?? copy.chat) : undefined,
    notify: sender.pushName ?? sender.account.pushName,
    t: world.nowSeconds(),
  };
  const kept = childrenOf(copy.stanza).filter((child) => !notRelayed.has(child.tag));
  return node('message', attrs, [copy.enc, ...kept]);
}

/** Brings one copy to its device: a companion, a virtual phone or a contact. */
export async function bring(world: World, sender: Companion, copy: Copy): Promise<void> {
  const { user, device } = parseJid(copy.to);
  const account = world.accounts.find(user);
  if (!account) {
    const contact = world.contacts.byJid(copy.to);
    if (contact) return receiveAtContact(world, contact, sender, copy);
    world.counters.add('undeliverable', sender.account.phone);
    return;
  }
  const isOwn = account === sender.account;
  if (!isOwn && account.blocked.has(sender.account.lidJid)) return;
  if (device === 0) return receiveAtPhone(world, account, sender, copy);
  const companion = account.companions.get(device);
  if (companion) deliver(world, companion, forCompanion(world, sender, copy, isOwn));
  else world.counters.add('undeliverable', sender.account.phone);
}

export function record(world: World, sender: Companion, stanza: Node) {
  const { id = '', to = '', type = '' } = stanza.attrs;
  const { account, device } = sender;
  world.counters.add('messagesIn', account.phone);
  const isResend = stanza.attrs['device_fanout'] === 'false';
  const isRepeat = !isResend && world.seen.isRepeat(account.phone, to, id);
  if (isRepeat) world.counters.add('duplicates', account.phone);
  return world.ledger.open({
    at: world.clock.now(),
    account: account.phone,
    device,
    direction: 'fromAccount',
    kind: 'message',
    id,
    peer: to,
    type,
    state: 'accepted',
  });
}

export function acknowledge(world: World, sender: Companion, stanza: Node, error?: string): void {
  const { id, to } = stanza.attrs;
  sender.link?.send(node('ack', { class: 'message', id, from: to, t: world.nowSeconds(), error }));
}

/** A one-to-one message, already acknowledged. */
export function relayDirect(world: World, sender: Companion, stanza: Node): void {
  for (const copy of copiesOf(stanza)) {
    detach(bring(world, sender, copy), (error) => {
      world.log.error({ error: errorFields(error), id: copy.id, to: copy.to }, 'copy not delivered');
    });
  }
}

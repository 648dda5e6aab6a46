/**
 * Calls, as far as Baileys takes part: a contact offers, the account rejects, or the caller hangs up. Used
 * by the dispatch and the control API; no media ever flows.
 */
import type { Account } from '../accounts/account.ts';
import type { Companion } from '../accounts/companion.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import type { Contact } from '../contacts/contacts.ts';
import { childrenOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';

export interface Call {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  state: 'offered' | 'rejected' | 'ended';
}

const callNode = (world: World, from: string, content: Node): Node =>
  node('call', { from, id: world.stanzaId('A'), t: world.nowSeconds() }, [content]);

/** A contact calls. The account's devices ring until it rejects or the caller hangs up. */
export function offerCall(world: World, contact: Contact, account: Account, isVideo = false): Call {
  const call: Call = {
    id: world.stanzaId('CALL'),
    from: contact.number,
    to: account.phone,
    state: 'offered',
  };
  world.calls.set(call.id, call);
  const attrs = {
    'call-id': call.id,
    'call-creator': contact.lidJid,
    caller_pn: contact.pn,
    from: contact.lidJid,
  };
  const media = [node('audio', { enc: 'opus', rate: '16000' })];
  if (isVideo) media.push(node('video', { enc: 'vp8' }));
  deliverToAll(
    world,
    account.companions.values(),
    callNode(world, contact.lidJid, node('offer', attrs, media)),
  );
  return call;
}

/** The caller hangs up; `timeout` makes it a missed call. */
export function endCall(world: World, call: Call, reason: 'timeout' | 'hangup' = 'timeout'): void {
  call.state = 'ended';
  const account = world.accounts.find(call.to);
  const contact = world.contacts.find(call.from);
  if (!account || !contact) return;
  const attrs = { 'call-id': call.id, 'call-creator': contact.lidJid, from: contact.lidJid, reason };
  const content = node('terminate', reason === 'timeout' ? attrs : { ...attrs, reason: undefined });
  deliverToAll(world, account.companions.values(), callNode(world, contact.lidJid, content));
}

/** What a companion says about a call: rejections are kept, links are made, the rest is acknowledged. */
export function acceptCall(world: World, companion: Companion, stanza: Node): void {
  const [content] = childrenOf(stanza);
  const { id, to } = stanza.attrs;
  if (content?.tag === 'link_create') {
    const link = node('link_create', { token: world.stanzaId('LINK'), media: content.attrs['media'] });
    companion.link?.send(node('call', { id, from: to }, [link]));
    return;
  }
  const call = world.calls.get(content?.attrs['call-id'] ?? '');
  if (call && content?.tag === 'reject') call.state = 'rejected';
  world.log.info({ account: companion.account.phone, call: call?.id, state: call?.state }, 'call answered');
  companion.link?.send(node('ack', { class: 'call', id, from: to, type: content?.tag }));
}

/**
 * A companion writes to a group or to its status: the sender key copies go to their devices, the one
 * ciphertext to all. Called by the message relay; members who are contacts decrypt and answer.
 */

import { detach } from '../../detach.ts';
import { errorFields } from '../../log.ts';
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import { receiveAtPhone } from '../accounts/phone.ts';
import { personByJid } from '../contacts/directory.ts';
import type { Copy } from '../messages/copy.ts';
import { copiesOf, notRelayed, senderAttrs } from '../messages/relay.ts';
import { parseJid, statusJid } from '../wire/jid.ts';
import { childrenNamed, childrenOf, type Node, type NodeAttrs, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { participantAttrs } from './addresses.ts';
import { type Group, mayWrite } from './group.ts';
import { receiveInGroup } from './receive.ts';

const deviceKey = (number: string, device: number): string => `${number}:${device}`;

/** The copies by device, whatever address the sender used. */
function copiesByDevice(world: World, stanza: Node): Map<string, Copy> {
  const byDevice = new Map<string, Copy>();
  for (const copy of copiesOf(stanza)) {
    const person = personByJid(world, copy.to);
    if (person) byDevice.set(deviceKey(person.number, parseJid(copy.to).device), copy);
  }
  return byDevice;
}

export interface Fanout {
  readonly sender: Companion;
  readonly stanza: Node;
  /** Addresses of the sender as receivers see it. */
  readonly address: NodeAttrs;
  readonly copies: Map<string, Copy>;
  /** The group's ciphertext. */
  readonly skmsg: Node | undefined;
}

function stanzaFor(world: World, fanout: Fanout, copy: Copy | undefined): Node {
  const { sender, stanza, address, skmsg } = fanout;
  const kept = childrenOf(stanza).filter((child) => !notRelayed.has(child.tag));
  const content = [copy?.enc, skmsg].filter((enc) => enc !== undefined);
  const { id, type, edit, to } = stanza.attrs;
  const notify = sender.pushName ?? sender.account.pushName;
  return node('message', { from: to, ...address, id, type, edit, notify, t: world.nowSeconds() }, [
    ...content,
    ...kept,
  ]);
}

function bringTo(world: World, fanout: Fanout, number: string, group: Group | null): void {
  const { sender, copies } = fanout;
  const account = world.accounts.find(number);
  if (!account) {
    const contact = world.contacts.find(number);
    if (!contact) return;
    detach(receiveInGroup(world, contact, fanout, copies.get(deviceKey(number, 0)), group), (error) => {
      world.log.error({ error: errorFields(error) }, 'group copy not delivered');
    });
    return;
  }
  const phoneCopy = copies.get(deviceKey(number, 0));
  if (phoneCopy) detach(receiveAtPhone(world, account, sender, phoneCopy), () => undefined);
  for (const companion of account.companions.values()) {
    if (companion === sender) continue;
    deliver(world, companion, stanzaFor(world, fanout, copies.get(deviceKey(number, companion.device))));
  }
}

function fanoutOf(world: World, sender: Companion, stanza: Node, address: NodeAttrs): Fanout {
  const skmsg = childrenNamed(stanza, 'enc').find((enc) => enc.attrs['type'] === 'skmsg');
  return { sender, stanza, address, copies: copiesByDevice(world, stanza), skmsg };
}

/** A resend to one device, asked for by its retry receipt. */
function resendTo(world: World, fanout: Fanout, group: Group | null): void {
  const { participant = '' } = fanout.stanza.attrs;
  const person = personByJid(world, participant);
  const [enc] = childrenNamed(fanout.stanza, 'enc');
  if (!person || !enc) return;
  const { device } = parseJid(participant);
  const { id = '', to: chat = '' } = fanout.stanza.attrs;
  const copy = { id, to: participant, chat, enc, stanza: fanout.stanza };
  const only = { ...fanout, skmsg: undefined, copies: new Map([[deviceKey(person.number, device), copy]]) };
  const companion = world.accounts.find(person.number)?.companions.get(device);
  if (companion) deliver(world, companion, stanzaFor(world, only, copy));
  else bringTo(world, only, person.number, group);
}

/** Error code for the acknowledgement, or null where it was taken. */
export function relayToGroup(world: World, sender: Companion, stanza: Node): string | null {
  const group = world.groups.find(stanza.attrs['to'] ?? '');
  const { phone } = sender.account;
  if (!group) return '404';
  if (!mayWrite(group, phone)) return '403';
  const fanout = fanoutOf(world, sender, stanza, participantAttrs(group, phone, sender.device));
  if (stanza.attrs['participant'] !== undefined) {
    resendTo(world, fanout, group);
    return null;
  }
  for (const number of group.members.keys()) bringTo(world, fanout, number, group);
  return null;
}

/** Status: whoever got a sender key copy is the audience. */
export function relayStatus(world: World, sender: Companion, stanza: Node): void {
  const { from: participant, ...other } = senderAttrs(sender, 'status@lid');
  const fanout = fanoutOf(world, sender, stanza, { participant, participant_pn: other['sender_pn'] });
  if (stanza.attrs['participant'] !== undefined) {
    resendTo(world, fanout, null);
    return;
  }
  const numbers = new Set([...fanout.copies.keys()].map((key) => key.split(':')[0] ?? ''));
  for (const number of numbers) bringTo(world, fanout, number, null);
}

export const isStatus = (stanza: Node): boolean => stanza.attrs['to'] === statusJid;

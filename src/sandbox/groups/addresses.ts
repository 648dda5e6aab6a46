/**
 * How members of a group are written: by LID with the number beside it, or the other way round, as the
 * group's addressing mode says. Used by everything that shows a member on the wire.
 */
import { lidOf } from '../contacts/numbers.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { type Node, type NodeAttrs, node } from '../wire/node.ts';
import type { Group } from './group.ts';

export const memberJid = (group: Group, number: string, device = 0): string =>
  group.addressing === 'lid' ? lidJid(lidOf(number), device) : pnJid(number, device);

/** `participant` and its other address, for messages and notifications. */
export function participantAttrs(group: Group, number: string, device = 0): NodeAttrs {
  const participant = memberJid(group, number, device);
  return group.addressing === 'lid'
    ? { participant, participant_pn: pnJid(number), addressing_mode: 'lid' }
    : { participant, participant_lid: lidJid(lidOf(number)), addressing_mode: 'pn' };
}

/** A `<participant>` element; `more` adds its role or error. */
export function participantNode(group: Group, number: string, more: NodeAttrs = {}): Node {
  const jid = memberJid(group, number);
  const other = group.addressing === 'lid' ? { phone_number: pnJid(number) } : { lid: lidJid(lidOf(number)) };
  return node('participant', { jid, ...other, ...more });
}

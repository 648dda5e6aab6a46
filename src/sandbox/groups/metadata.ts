/**
 * A group as a node: what metadata queries, creations and invite look-ups answer.
 */
import { lidOf } from '../contacts/numbers.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { type Node, node } from '../wire/node.ts';
import { memberJid, participantNode } from './addresses.ts';
import type { Group } from './group.ts';

function descriptionNode(group: Group): Node | null {
  const { description } = group;
  if (!description) return null;
  const participant = memberJid(group, description.by);
  const attrs = {
    id: description.id,
    participant,
    participant_pn: pnJid(description.by),
    t: String(description.at),
  };
  return node('description', attrs, [node('body', {}, Buffer.from(description.body))]);
}

function settingNodes(group: Group): Node[] {
  const join = node('group_join', { state: 'on' });
  return [
    group.isAnnouncement ? node('announcement') : null,
    group.isLocked ? node('locked') : null,
    group.ephemeralSeconds > 0 ? node('ephemeral', { expiration: String(group.ephemeralSeconds) }) : null,
    node('member_add_mode', {}, Buffer.from(group.addMode)),
    group.hasApproval ? node('membership_approval_mode', {}, [join]) : null,
    group.isCommunity ? node('parent', { default_membership_approval_mode: 'request_required' }) : null,
    group.isDefaultSubGroup ? node('default_sub_group') : null,
    group.linkedParent === null ? null : node('linked_parent', { jid: group.linkedParent }),
    descriptionNode(group),
  ].filter((child) => child !== null);
}

export function groupAttrs(group: Group) {
  return {
    id: group.jid.split('@')[0],
    jid: group.jid,
    subject: group.subject,
    s_t: String(group.subjectAt),
    s_o: memberJid(group, group.subjectBy),
    s_o_pn: pnJid(group.subjectBy),
    creation: String(group.creation),
    creator: memberJid(group, group.creator),
    creator_pn: pnJid(group.creator),
    creator_lid: lidJid(lidOf(group.creator)),
    addressing_mode: group.addressing,
    size: String(group.members.size),
  };
}

/** `tag` is `group`, or `community` where Baileys looks for that. */
export function groupNode(group: Group, tag = 'group', refused: readonly Node[] = []): Node {
  const members = [...group.members].map(([number, role]) =>
    participantNode(group, number, { type: role === 'member' ? undefined : role }),
  );
  return node(tag, groupAttrs(group), [...members, ...refused, ...settingNodes(group)]);
}

/** Communities are shown under both names: Baileys reads either, by the method that was called. */
export const groupNodes = (group: Group, refused: readonly Node[] = []): Node[] =>
  group.isCommunity
    ? [groupNode(group), groupNode(group, 'community')]
    : [groupNode(group, 'group', refused)];

/**
 * Settings of a group: each change is a node that is stored and announced as it came. Called by the group
 * queries. A change is null where the node is no setting.
 */
import { childOf, type Node, node, textOf } from '../wire/node.ts';
import type { World } from '../world.ts';
import { announce } from './announce.ts';
import { type Group, mayEdit } from './group.ts';
import { newInviteCode } from './groups.ts';

type Change = (world: World, group: Group, actor: string, request: Node) => Node;

const flag =
  (apply: (group: Group) => void): Change =>
  (_world, group, _actor, request) => {
    apply(group);
    return node(request.tag, request.attrs);
  };

const changes: Readonly<Record<string, Change>> = {
  announcement: flag((group) => {
    group.isAnnouncement = true;
  }),
  not_announcement: flag((group) => {
    group.isAnnouncement = false;
  }),
  locked: flag((group) => {
    group.isLocked = true;
  }),
  unlocked: flag((group) => {
    group.isLocked = false;
  }),
  not_ephemeral: flag((group) => {
    group.ephemeralSeconds = 0;
  }),
  ephemeral: (_world, group, _actor, request) => {
    group.ephemeralSeconds = Number(request.attrs['expiration'] ?? 0);
    return node('ephemeral', request.attrs);
  },
  subject: (world, group, actor, request) => {
    group.subject = textOf(request);
    group.subjectAt = Number(world.nowSeconds());
    group.subjectBy = actor;
    return node('subject', { subject: group.subject, s_t: world.nowSeconds() });
  },
  description: (world, group, actor, request) => {
    const body = textOf(childOf(request, 'body'));
    const id = request.attrs['id'] ?? world.stanzaId('D');
    const isDeleted = request.attrs['delete'] === 'true';
    group.description = isDeleted ? null : { id, body, by: actor, at: Number(world.nowSeconds()) };
    return node('description', { id }, isDeleted ? undefined : [node('body', {}, Buffer.from(body))]);
  },
  member_add_mode: (_world, group, _actor, request) => {
    group.addMode = textOf(request) === 'admin_add' ? 'admin_add' : 'all_member_add';
    return node('member_add_mode', {}, Buffer.from(group.addMode));
  },
  membership_approval_mode: (_world, group, _actor, request) => {
    const join = group.isCommunity ? 'community_join' : 'group_join';
    group.hasApproval = childOf(request, join)?.attrs['state'] === 'on';
    return node('membership_approval_mode', {}, [node(join, { state: group.hasApproval ? 'on' : 'off' })]);
  },
};

export const isSetting = (tag: string): boolean => Object.hasOwn(changes, tag);

/** False where the actor may not change it. */
export function changeSetting(world: World, group: Group, actor: string, request: Node): boolean {
  const change = changes[request.tag];
  if (!change || !mayEdit(group, actor)) return false;
  announce(world, group, actor, change(world, group, actor, request));
  return true;
}

export function revokeInvite(world: World, group: Group, actor: string): string {
  group.inviteCode = newInviteCode();
  announce(world, group, actor, node('invite', { code: group.inviteCode }));
  return group.inviteCode;
}

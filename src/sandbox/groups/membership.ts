/**
 * Who is in a group: add, remove, promote, demote, leave, join by invite, requests. Called by the group
 * queries and the control API; every function says what it refused.
 */
import { personByJid } from '../contacts/directory.ts';
import { type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { participantNode } from './addresses.ts';
import { announce } from './announce.ts';
import { type Group, isAdmin, mayAdd, type Role } from './group.ts';
import { groupNode } from './metadata.ts';

const inviteLifetimeS = 3 * 86_400;

export type MemberAction = 'add' | 'remove' | 'promote' | 'demote';

/** The code that WhatsApp answers for one participant; null where it succeeded. */
function applyTo(world: World, group: Group, action: MemberAction, number: string): string | null {
  const isMember = group.members.has(number);
  if (action === 'add') {
    if (isMember) return '409';
    if (world.groups.unaddable.has(number)) return '403';
    group.members.set(number, 'member');
    return null;
  }
  if (!isMember) return '404';
  if (action === 'remove') group.members.delete(number);
  else group.members.set(number, action === 'promote' ? 'admin' : 'member');
  return null;
}

const mayDo = (group: Group, actor: string, action: MemberAction): boolean =>
  action === 'add' ? mayAdd(group, actor) : isAdmin(group, actor);

/** Changes members by JID. Null where the actor may not; otherwise one node per JID, with errors. */
export function changeMembers(
  world: World,
  group: Group,
  actor: string,
  action: MemberAction,
  jids: readonly string[],
): Node | null {
  if (!mayDo(group, actor, action)) return null;
  const changed: string[] = [];
  const answers = jids.map((jid) => {
    const person = personByJid(world, jid);
    if (!person) return node('participant', { jid, error: '404' });
    const error = applyTo(world, group, action, person.number);
    if (error === '403') return refusedNode(world, group, person.number);
    if (error !== null) return participantNode(group, person.number, { error });
    changed.push(person.number);
    return participantNode(group, person.number);
  });
  if (changed.length > 0) announceChange(world, group, actor, action, changed);
  return node(action, {}, answers);
}

function announceChange(
  world: World,
  group: Group,
  actor: string,
  action: MemberAction,
  numbers: readonly string[],
): void {
  const members = numbers.map((number) => participantNode(group, number));
  announce(world, group, actor, node(action, { v_id: world.stanzaId('V') }, members), { also: numbers });
}

/** A person who can only be invited: 403 with an invite of their own. */
function refusedNode(world: World, group: Group, number: string): Node {
  const expiration = String(Number(world.nowSeconds()) + inviteLifetimeS);
  const invite = node('add_request', { code: world.stanzaId('I'), expiration });
  const { attrs } = participantNode(group, number, { error: '403' });
  return node('participant', attrs, [invite]);
}

/** People made members at creation. Those who do not exist are left out; refusals are answered. */
export function inviteAll(world: World, group: Group, jids: readonly string[]): Node[] {
  const refused: Node[] = [];
  for (const jid of jids) {
    const person = personByJid(world, jid);
    if (!person || group.members.has(person.number)) continue;
    if (world.groups.unaddable.has(person.number)) refused.push(refusedNode(world, group, person.number));
    else group.members.set(person.number, 'member');
  }
  return refused;
}

export function announceCreation(world: World, group: Group): void {
  announce(
    world,
    group,
    group.creator,
    node('create', { type: 'new', reason: 'invite' }, [groupNode(group)]),
  );
}

export function leave(world: World, group: Group, number: string): boolean {
  if (!group.members.delete(number)) return false;
  const hasAdmin = [...group.members.keys()].some((member) => isAdmin(group, member));
  const [heir] = group.members.keys();
  if (!hasAdmin && heir !== undefined) group.members.set(heir, 'admin');
  announce(world, group, number, node('remove', {}, [participantNode(group, number)]), { also: [number] });
  return true;
}

/** With every group of it; false for the owner, who can only deactivate it. */
export function leaveCommunity(world: World, community: Group, number: string): boolean {
  if (community.members.get(number) === 'superadmin') return false;
  for (const group of world.groups.subGroupsOf(community.jid)) leave(world, group, number);
  return leave(world, community, number);
}

/** Joins by invite, or asks to where admins approve. */
export function join(
  world: World,
  group: Group,
  number: string,
  role: Role = 'member',
): 'joined' | 'requested' {
  if (group.members.has(number)) return 'joined';
  if (group.hasApproval) {
    group.requests.set(number, Number(world.nowSeconds()));
    const asked = node('created_membership_requests', { request_method: 'invite_link' }, [
      participantNode(group, number),
    ]);
    const admins = [...group.members.keys()].filter((member) => isAdmin(group, member));
    announce(world, group, number, asked, { only: admins });
    return 'requested';
  }
  // Whoever is in a community is in the group in which it announces.
  const announcements = world.groups.subGroupsOf(group.jid).filter((sub) => sub.isDefaultSubGroup);
  for (const joined of [group, ...announcements]) {
    joined.members.set(number, role);
    announce(world, joined, number, node('add', { reason: 'invite' }, [participantNode(joined, number)]));
  }
  return 'joined';
}

/** Admins answer a request; null where the actor may not. */
export function decideRequests(
  world: World,
  group: Group,
  actor: string,
  action: 'approve' | 'reject',
  jids: readonly string[],
): Node | null {
  if (!isAdmin(group, actor)) return null;
  const answers = jids.map((jid) => {
    const number = personByJid(world, jid)?.number;
    if (number === undefined || !group.requests.delete(number))
      return node('participant', { jid, error: '404' });
    if (action === 'approve') {
      group.members.set(number, 'member');
      announceChange(world, group, actor, 'add', [number]);
    } else {
      const rejected = node('revoked_membership_requests', {}, [participantNode(group, number)]);
      announce(world, group, actor, rejected, { also: [number] });
    }
    return participantNode(group, number);
  });
  return node('membership_requests_action', {}, [node(action, {}, answers)]);
}

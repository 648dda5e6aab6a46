/**
 * Group queries (xmlns w:g2): to one group or to all (`@g.us`). Called by the answer table; rules are in
 * the groups room.
 */

import { participantNode } from '../groups/addresses.ts';
import { type Group, isAdmin } from '../groups/group.ts';
import {
  announceCreation,
  changeMembers,
  decideRequests,
  inviteAll,
  join,
  leave,
  leaveCommunity,
  type MemberAction,
} from '../groups/membership.ts';
import { groupAttrs, groupNode, groupNodes } from '../groups/metadata.ts';
import { changeSetting, isSetting, revokeInvite } from '../groups/settings.ts';
import { childOf, childrenNamed, childrenOf, type Node, node } from '../wire/node.ts';
import { createFrom, deactivate, linkGroups, unlinkGroups } from './communities.ts';
import { type Answer, type Answerer, type Query, refusal } from './query.ts';

const forbidden = refusal(403, 'forbidden');
const notFound = refusal(404, 'item-not-found');

const jidsIn = (parent: Node): string[] =>
  childrenNamed(parent, 'participant').map((child) => child.attrs['jid'] ?? '');

const or = (answer: Node | null): Answer => (answer === null ? forbidden : [answer]);

function answerParticipating({ world, companion }: Query): Node[] {
  const groups = world.groups.ofMember(companion.account.phone);
  const communities = groups.filter((group) => group.isCommunity);
  return [
    node(
      'groups',
      {},
      groups.map((group) => groupNode(group)),
    ),
    node(
      'communities',
      {},
      communities.map((group) => groupNode(group, 'community')),
    ),
  ];
}

/** Error code, or null where the account left. A community is left with its groups, as `linked_groups`. */
function leaveOne({ world, companion }: Query, child: Node): string | null {
  const { phone } = companion.account;
  const isWhole = child.tag === 'linked_groups';
  const id = child.attrs[isWhole ? 'parent_group_jid' : 'id'] ?? '';
  const group = world.groups.find(id.includes('@') ? id : `${id}@g.us`);
  if (!group?.members.has(phone)) return '404';
  if (group.isCommunity !== isWhole) return '400';
  if (isWhole) return leaveCommunity(world, group, phone) ? null : '405';
  leave(world, group, phone);
  return null;
}

const answerLeave = (query: Query, request: Node): Node[] => [
  node(
    'leave',
    {},
    childrenOf(request).map((child) =>
      node(child.tag, { ...child.attrs, error: leaveOne(query, child) ?? undefined }),
    ),
  ),
];

function answerInvite(query: Query, code: string): Answer {
  const { world, companion, iq } = query;
  const group = world.groups.byInvite(code);
  if (!group) return refusal(406, 'not-acceptable');
  if (iq.attrs['type'] === 'get') return [groupNode(group)];
  const outcome = join(world, group, companion.account.phone);
  const tag = outcome === 'joined' ? 'group' : 'membership_approval_request';
  return [
    node(tag, { jid: group.jid }),
    ...(group.isCommunity ? [node('community', { jid: group.jid })] : []),
  ];
}

/** Queries to the group server itself. */
function answerServer(query: Query, request: Node): Answer {
  switch (request.tag) {
    case 'participating':
      return answerParticipating(query);
    case 'leave':
      return answerLeave(query, request);
    case 'invite':
      return answerInvite(query, request.attrs['code'] ?? '');
    case 'create': {
      const group = createFrom(query, request);
      const refused = inviteAll(query.world, group, jidsIn(request));
      announceCreation(query.world, group);
      return groupNodes(group, refused);
    }
    default:
      return null;
  }
}

function requestsNode(group: Group): Node {
  const requests = [...group.requests].map(([number, at]) => {
    const { attrs } = participantNode(group, number);
    return node('membership_approval_request', {
      ...attrs,
      request_method: 'invite_link',
      request_time: String(at),
    });
  });
  return node('membership_approval_requests', {}, requests);
}

function answerRead({ world }: Query, group: Group, request: Node): Answer {
  switch (request.tag) {
    case 'query':
      return groupNodes(group);
    case 'invite':
      return [node('invite', { code: group.inviteCode })];
    case 'membership_approval_requests':
      return [requestsNode(group)];
    case 'sub_groups': {
      const subGroups = world.groups.subGroupsOf(group.jid).map((sub) => node('group', groupAttrs(sub)));
      return [node('sub_groups', {}, subGroups)];
    }
    default:
      return null;
  }
}

function answerRequests({ world, companion }: Query, group: Group, request: Node): Answer {
  const [decision] = childrenOf(request);
  if (!decision || (decision.tag !== 'approve' && decision.tag !== 'reject'))
    return refusal(400, 'bad-request');
  return or(decideRequests(world, group, companion.account.phone, decision.tag, jidsIn(decision)));
}

/** From a community with all of its groups, where the request says so. */
function answerMembers(
  { world, companion }: Query,
  group: Group,
  request: Node,
  action: MemberAction,
): Answer {
  const actor = companion.account.phone;
  const jids = jidsIn(request);
  const changed = changeMembers(world, group, actor, action, jids);
  if (changed && action === 'remove' && request.attrs['linked_groups'] === 'true')
    for (const sub of world.groups.subGroupsOf(group.jid)) changeMembers(world, sub, actor, action, jids);
  return or(changed);
}

function answerWrite(query: Query, group: Group, request: Node): Answer {
  const { world, companion } = query;
  const actor = companion.account.phone;
  if (isSetting(request.tag)) return changeSetting(world, group, actor, request) ? null : forbidden;
  switch (request.tag) {
    case 'add':
    case 'remove':
    case 'promote':
    case 'demote':
      return answerMembers(query, group, request, request.tag);
    case 'invite':
      if (!isAdmin(group, actor)) return forbidden;
      return [node('invite', { code: revokeInvite(world, group, actor) })];
    case 'membership_requests_action':
      return answerRequests(query, group, request);
    case 'accept':
      join(world, group, actor);
      return null;
    case 'links':
      return linkGroups(query, group, request);
    case 'unlink':
      return unlinkGroups(query, group, request);
    case 'delete_parent':
      return deactivate(query, group);
    default:
      return null;
  }
}

export const answerGroups: Answerer = (query) => {
  const { world, companion, iq } = query;
  world.counters.add('groupQueries', companion.account.phone);
  const [request] = childrenOf(iq);
  if (!request) return refusal(400, 'bad-request');
  const { to = '' } = iq.attrs;
  if (to === '@g.us') return answerServer(query, request);
  const group = world.groups.find(to);
  if (!group) return notFound;
  const isStranger = !group.members.has(companion.account.phone) && request.tag !== 'accept';
  if (isStranger && !(group.linkedParent !== null && childOf(iq, 'query'))) return forbidden;
  return iq.attrs['type'] === 'get' ? answerRead(query, group, request) : answerWrite(query, group, request);
};

/**
 * Creating groups and communities, deactivating these, linking and unlinking sub-groups. Called by the group queries.
 */
import { announce } from '../groups/announce.ts';
import type { Group } from '../groups/group.ts';
import { isAdmin } from '../groups/group.ts';
import { childOf, childrenNamed, childrenOf, type Node, node, textOf } from '../wire/node.ts';
import { type Answer, type Query, refusal } from './query.ts';

/** The group that a `create` asks for. A community gets its announcement group with it. */
export function createFrom({ world, companion }: Query, request: Node): Group {
  const creator = companion.account.phone;
  const nowS = Number(world.nowSeconds());
  const isCommunity = childOf(request, 'parent') !== undefined;
  const linkedParent = childOf(request, 'linked_parent')?.attrs['jid'] ?? null;
  const subject = request.attrs['subject'] ?? '';
  const { addressing } = world.settings.groups;
  const group = world.groups.create({ subject, creator, isCommunity, linkedParent, addressing }, nowS);
  const body = textOf(childOf(childOf(request, 'description'), 'body'));
  if (body !== '') group.description = { id: world.stanzaId('D'), body, by: creator, at: nowS };
  if (isCommunity) {
    world.groups.create(
      { subject, creator, isDefaultSubGroup: true, linkedParent: group.jid, addressing },
      nowS,
    );
  }
  world.changed();
  return group;
}

const jidsOf = (parent: Node | undefined): string[] =>
  childrenNamed(parent, 'group').map((child) => child.attrs['jid'] ?? '');

const parentNode = (tag: 'link' | 'unlink', community: Group): Node =>
  node(tag, { [`${tag}_type`]: 'parent_group' }, [
    node('group', { jid: community.jid, subject: community.subject }),
  ]);

export function linkGroups({ world, companion }: Query, community: Group, request: Node): Answer {
  if (!isAdmin(community, companion.account.phone)) return refusal(403, 'forbidden');
  const links = childrenOf(request).map((link) => {
    const groups = jidsOf(link).map((jid) => {
      const group = world.groups.find(jid);
      if (group) group.linkedParent = community.jid;
      if (group) announce(world, group, companion.account.phone, parentNode('link', community));
      return node('group', { jid, error: group ? undefined : '404' });
    });
    return node('link', link.attrs, groups);
  });
  world.changed();
  return [node('links', {}, links)];
}

export function unlinkGroups({ world, companion }: Query, community: Group, request: Node): Answer {
  if (!isAdmin(community, companion.account.phone)) return refusal(403, 'forbidden');
  const groups = jidsOf(request).map((jid) => {
    const group = world.groups.find(jid);
    const isLinked = group?.linkedParent === community.jid;
    if (group && isLinked) {
      group.linkedParent = null;
      announce(world, group, companion.account.phone, parentNode('unlink', community));
    }
    return node('group', { jid, error: isLinked ? undefined : '404' });
  });
  world.changed();
  return [node('unlink', request.attrs, groups)];
}

/** By the owner: its announcement group goes with it, the others stay without a community. */
export function deactivate({ world, companion }: Query, community: Group): Answer {
  const { phone } = companion.account;
  if (!community.isCommunity) return refusal(400, 'bad-request');
  if (community.members.get(phone) !== 'superadmin') return refusal(403, 'forbidden');
  for (const group of world.groups.subGroupsOf(community.jid)) {
    group.linkedParent = null;
    const unlinked = parentNode('unlink', community);
    const attrs = { ...unlinked.attrs, unlink_reason: 'delete_parent' };
    announce(world, group, phone, group.isDefaultSubGroup ? node('delete') : { ...unlinked, attrs });
    if (group.isDefaultSubGroup) world.groups.remove(group.jid);
  }
  announce(world, community, phone, node('delete'));
  world.groups.remove(community.jid);
  world.changed();
  return null;
}

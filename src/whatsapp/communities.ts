/** Communities: made, deactivated, and groups linked to them. Called through `actions.ts`. */
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import type { CommunityActions, LinkedGroup } from '../protocol/communities.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { attributeText } from './attribute-text.ts';
import {
  assertNoError,
  exactSubject,
  groupJid,
  groupQuery,
  groupServer,
  invalidAt,
  metadataOf,
} from './group-query.ts';
import { groupView } from './group-view.ts';
import { createdGroup, descriptionNode } from './groups.ts';

interface Linking {
  readonly gid: string;
  readonly group: string;
}

function linkedGroup({ attrs }: BinaryNode): LinkedGroup {
  const id = attrs['id'] ?? attrs['jid'] ?? '';
  const { subject = '', size } = attrs;
  return {
    id: id.includes('@') ? id : `${id}@g.us`,
    subject,
    size: size === undefined ? null : Number(size),
  };
}

/** Asks, and finds the answer about the one group in what `wrap` and `unwrap` put around it. */
async function change(
  context: ActionContext,
  { gid, group }: Linking,
  wrap: (group: BinaryNode) => BinaryNode,
  unwrap: (answer: BinaryNode) => BinaryNode | undefined,
): Promise<null> {
  const community = groupJid(gid);
  const jid = groupJid(group, 'group');
  const answer = await groupQuery(context, community, 'set', [wrap({ tag: 'group', attrs: { jid } })]);
  context.groups.invalidate(community);
  context.groups.invalidate(jid);
  assertNoError(getBinaryNodeChild(unwrap(answer), 'group'), `${jid} in ${community}`);
  return null;
}

export const communityHandlers: HandlersOf<keyof CommunityActions> = {
  async CreateCommunity({ subject, description }, context) {
    const content: BinaryNode[] = [
      descriptionNode(context.sock.generateMessageTag(), description ?? ''),
      { tag: 'parent', attrs: { default_membership_approval_mode: 'request_required' } },
      { tag: 'allow_non_admin_sub_group_creation', attrs: {} },
      { tag: 'create_general_chat', attrs: {} },
    ];
    const create = { tag: 'create', attrs: { subject: attributeText(subject) }, content };
    const { jid } = createdGroup(await groupQuery(context, groupServer, 'set', [create]));
    await exactSubject(context, jid, subject);
    context.groups.invalidate(jid);
    return groupView(context, await metadataOf(context, jid), true);
  },

  async ListLinkedGroups({ gid }, context) {
    const answer = await groupQuery(context, groupJid(gid), 'get', [{ tag: 'sub_groups', attrs: {} }]);
    return getBinaryNodeChildren(getBinaryNodeChild(answer, 'sub_groups'), 'group').map(linkedGroup);
  },

  async DeactivateCommunity({ gid }, context) {
    const jid = groupJid(gid);
    const { isCommunity } = await metadataOf(context, jid);
    if (!isCommunity) throw invalidAt('gid', `${jid} is a group, no community`);
    await groupQuery(context, jid, 'set', [{ tag: 'delete_parent', attrs: {} }]);
    context.groups.invalidate(jid);
    return null;
  },

  LinkGroup: (input, context) =>
    change(
      context,
      input,
      (group) => {
        const link = { tag: 'link', attrs: { link_type: 'sub_group' }, content: [group] };
        return { tag: 'links', attrs: {}, content: [link] };
      },
      (answer) => getBinaryNodeChild(getBinaryNodeChild(answer, 'links'), 'link'),
    ),

  UnlinkGroup: (input, context) =>
    change(
      context,
      input,
      (group) => ({ tag: 'unlink', attrs: { unlink_type: 'sub_group' }, content: [group] }),
      (answer) => getBinaryNodeChild(answer, 'unlink'),
    ),
};

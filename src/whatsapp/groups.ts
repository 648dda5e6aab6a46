/** Groups: made, listed, read, changed and left. Called through `actions.ts`. */
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { GroupActions, GroupChange, GroupView } from '../protocol/groups.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { attributeText } from './attribute-text.ts';
import { inviteHandlers } from './group-invites.ts';
import { invitedOf, memberHandlers, memberResults, participantNodes, present } from './group-members.ts';
import { assertNoError, exactSubject, groupJid, groupQuery, groupServer, metadataOf } from './group-query.ts';
import { groupView } from './group-view.ts';
import { setPicture } from './pictures.ts';

type Setting = (context: ActionContext, jid: string, change: GroupChange) => Promise<void>;

/** A community has a node of its own for it. */
async function setJoinApproval(context: ActionContext, jid: string, isOn: boolean): Promise<void> {
  const { sock } = context;
  const { isCommunity } = await metadataOf(context, jid);
  const mode = isOn ? 'on' : 'off';
  await (isCommunity ? sock.communityJoinApprovalMode(jid, mode) : sock.groupJoinApprovalMode(jid, mode));
}

/** One query a setting, in this order. */
const settings: { readonly [K in keyof GroupChange]-?: Setting } = {
  subject: ({ sock }, jid, { subject = '' }) => sock.groupUpdateSubject(jid, subject),
  description: ({ sock }, jid, { description }) => sock.groupUpdateDescription(jid, description || undefined),
  announce: ({ sock }, jid, { announce }) =>
    sock.groupSettingUpdate(jid, announce ? 'announcement' : 'not_announcement'),
  locked: ({ sock }, jid, { locked }) => sock.groupSettingUpdate(jid, locked ? 'locked' : 'unlocked'),
  ephemeralSeconds: ({ sock }, jid, { ephemeralSeconds = 0 }) =>
    sock.groupToggleEphemeral(jid, ephemeralSeconds),
  joinApproval: (context, jid, { joinApproval = false }) => setJoinApproval(context, jid, joinApproval),
  memberAddMode: ({ sock }, jid, { memberAddMode }) =>
    sock.groupMemberAddMode(jid, memberAddMode === 'admins' ? 'admin_add' : 'all_member_add'),
};

async function current(context: ActionContext, jid: string): Promise<GroupView> {
  context.groups.invalidate(jid);
  return groupView(context, await metadataOf(context, jid), true);
}

export function descriptionNode(id: string, body: string): BinaryNode {
  const content = [{ tag: 'body', attrs: {}, content: Buffer.from(body) }];
  return { tag: 'description', attrs: { id }, content };
}

/** The group that a `create` made, as its answer names it. */
export function createdGroup(answer: BinaryNode): BinaryNode & { readonly jid: string } {
  const group = getBinaryNodeChild(answer, 'group');
  const id = group?.attrs['id'] ?? group?.attrs['jid'];
  if (!group || !id) throw new AppError('internal', 'WhatsApp made a group and did not say which.');
  return { ...group, jid: id.includes('@') ? id : `${id}@g.us` };
}

/** WhatsApp's own apps leave a community so, never as a group: with all of its groups. Baileys knows another node. */
const withItsGroups = (jid: string): BinaryNode => ({
  tag: 'linked_groups',
  attrs: { parent_group_jid: jid },
});

const ofList: HandlersOf<'ListGroups'> = {
  async ListGroups({ limit, cursor, withParticipants }, context) {
    const all = await context.groups.all();
    const after = all.filter(({ id }) => cursor === null || id > cursor);
    const page = after.slice(0, limit);
    const items = await Promise.all(page.map((metadata) => groupView(context, metadata, withParticipants)));
    return { items, next: after.length > page.length ? (items.at(-1)?.id ?? null) : null };
  },
};

export const groupHandlers: HandlersOf<keyof GroupActions> = {
  ...memberHandlers,
  ...inviteHandlers,
  ...ofList,

  async CreateGroup({ subject, participants, description }, context) {
    const invited = await invitedOf(context, participants);
    const { sock } = context;
    const key = sock.generateMessageTag();
    const jids = present(invited).map(({ jid }) => jid);
    const about = description ? [descriptionNode(sock.generateMessageTag(), description)] : [];
    const answer = await groupQuery(context, groupServer, 'set', [
      {
        tag: 'create',
        attrs: { subject: attributeText(subject), key },
        content: [...participantNodes(jids), ...about],
      },
    ]);
    const made = createdGroup(answer);
    await exactSubject(context, made.jid, subject);
    const results = await memberResults(context, invited, getBinaryNodeChildren(made, 'participant'));
    return { group: await current(context, made.jid), results };
  },

  async GetGroup({ gid }, context) {
    return groupView(context, await metadataOf(context, groupJid(gid)), true);
  },

  async UpdateGroup({ gid, change }, context) {
    const jid = groupJid(gid);
    for (const name of Object.keys(settings) as (keyof GroupChange)[]) {
      if (change[name] !== undefined) await settings[name](context, jid, change);
    }
    return current(context, jid);
  },

  SetGroupPicture: ({ gid, image }, context) => setPicture(image, groupJid(gid), context),

  async LeaveGroup({ gid }, context) {
    const jid = groupJid(gid);
    const { isCommunity } = await metadataOf(context, jid);
    const left = isCommunity ? withItsGroups(jid) : { tag: 'group', attrs: { id: jid } };
    const answer = await groupQuery(context, groupServer, 'set', [
      { tag: 'leave', attrs: {}, content: [left] },
    ]);
    context.groups.invalidate(jid);
    assertNoError(getBinaryNodeChild(getBinaryNodeChild(answer, 'leave'), left.tag), `to leave ${jid}`);
    return null;
  },
};

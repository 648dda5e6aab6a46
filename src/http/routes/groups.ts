/** Groups of an account: made, read, changed, left; their members, invites and requests to join. */
import type { Commands } from '../../protocol/commands.ts';
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import {
  decisionInput,
  groupChange,
  groupCreated,
  groupInput,
  groupInvite,
  groupJoined,
  groupList,
  groupQuery,
  groupSchema,
  joinInput,
  joinRequests,
  memberResults,
  membersInput,
  renderGroup,
  renderInvite,
  renderRequest,
  renderResults,
  rolesInput,
} from '../schemas/group.ts';

const tag = 'groups';
const aGroup = { about: 'The group', json: groupSchema };
const anInvite = { about: 'The invite', json: groupInvite };
const results = { about: 'One result for each participant, in order', json: memberResults };

const groupsThemselves = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    method: 'post',
    path: 'groups',
    tag,
    summary: 'Makes a group',
    body: groupInput,
    kind: 'CreateGroup',
    status: 201,
    answer: { about: 'The group, and what became of each participant', json: groupCreated },
    input: ({ body }) => ({ ...body, description: body.description ?? null }),
    render: (made) => ({ ...renderGroup(made.group), results: renderResults(made.results) }),
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'groups',
    tag,
    summary: 'Lists the groups of the account',
    query: groupQuery,
    kind: 'ListGroups',
    answer: { about: 'Groups by id; members with `participants=true`', json: groupList },
    input: ({ query }) => ({
      limit: query.limit,
      cursor: query.cursor ?? null,
      withParticipants: query.participants,
    }),
    render: ({ items, next }) => ({ items: items.map(renderGroup), next }),
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'groups/{gid}',
    tag,
    summary: 'Reads a group',
    kind: 'GetGroup',
    answer: aGroup,
    input: ({ param }) => ({ gid: param('gid') }),
    render: renderGroup,
  }),
  actionRoute(commands, {
    method: 'patch',
    path: 'groups/{gid}',
    tag,
    summary: 'Changes subject, description or settings of a group',
    body: groupChange,
    kind: 'UpdateGroup',
    answer: aGroup,
    input: ({ param, body }) => ({ gid: param('gid'), change: body }),
    render: renderGroup,
  }),
  actionRoute(commands, {
    method: 'delete',
    path: 'groups/{gid}',
    tag,
    summary: 'Leaves a group, or a community with all of its groups',
    kind: 'LeaveGroup',
    status: 204,
    answer: { about: 'Left' },
    input: ({ param }) => ({ gid: param('gid') }),
  }),
];

const members = (commands: Commands): AnyRoute[] => [
  ...(['post', 'delete'] as const).map((method) =>
    actionRoute(commands, {
      method,
      path: 'groups/{gid}/participants',
      tag,
      summary: method === 'post' ? 'Adds participants' : 'Removes participants',
      body: membersInput,
      kind: 'ChangeMembers',
      answer: results,
      input: ({ param, body }) => ({
        gid: param('gid'),
        action: method === 'post' ? 'add' : 'remove',
        participants: body.participants,
      }),
      render: (answered) => ({ results: renderResults(answered) }),
    }),
  ),
  actionRoute(commands, {
    method: 'patch',
    path: 'groups/{gid}/participants',
    tag,
    summary: 'Makes participants admins, or members again',
    body: rolesInput,
    kind: 'ChangeMembers',
    answer: results,
    input: ({ param, body }) => ({ gid: param('gid'), ...body }),
    render: (answered) => ({ results: renderResults(answered) }),
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'groups/{gid}/requests',
    tag,
    summary: 'Lists who asks to join',
    kind: 'ListJoinRequests',
    answer: { about: 'Requests to join', json: joinRequests },
    input: ({ param }) => ({ gid: param('gid') }),
    render: (items) => ({ items: items.map(renderRequest), next: null }),
  }),
  actionRoute(commands, {
    method: 'post',
    path: 'groups/{gid}/requests',
    tag,
    summary: 'Approves or rejects requests to join',
    body: decisionInput,
    kind: 'DecideJoinRequests',
    answer: results,
    input: ({ param, body }) => ({ gid: param('gid'), ...body }),
    render: (answered) => ({ results: renderResults(answered) }),
  }),
];

const invites = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    method: 'get',
    path: 'groups/{gid}/invite',
    tag,
    summary: 'Shows the invite link of a group',
    kind: 'GetGroupInvite',
    answer: anInvite,
    input: ({ param }) => ({ gid: param('gid') }),
    render: renderInvite,
  }),
  actionRoute(commands, {
    method: 'delete',
    path: 'groups/{gid}/invite',
    tag,
    summary: 'Revokes the invite link; the answer is the new one',
    kind: 'RevokeGroupInvite',
    answer: anInvite,
    input: ({ param }) => ({ gid: param('gid') }),
    render: renderInvite,
  }),
  actionRoute(commands, {
    method: 'post',
    path: 'groups/join',
    tag,
    summary: 'Joins a group by its invite, or asks to where admins approve',
    body: joinInput,
    kind: 'JoinGroup',
    answer: { about: 'Joined, or requested', json: groupJoined },
    input: ({ body }) => body,
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'groups/invite/{code}',
    tag,
    summary: 'Shows the group of an invite without joining',
    kind: 'GetInvitedGroup',
    answer: aGroup,
    input: ({ param }) => ({ invite: param('code') }),
    render: renderGroup,
  }),
];

export const groupRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  ...groupsThemselves(commands),
  ...members(commands),
  ...invites(commands),
];

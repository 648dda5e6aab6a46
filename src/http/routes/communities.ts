/** Communities: made, deactivated, groups linked to them. They are read, changed and left as groups. */
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import { communityInput, groupSchema, linkedGroups, renderGroup } from '../schemas/group.ts';

const tag = 'communities';

export const communityRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  actionRoute(commands, {
    method: 'post',
    path: 'communities',
    tag,
    summary: 'Makes a community',
    body: communityInput,
    kind: 'CreateCommunity',
    status: 201,
    answer: { about: 'The community; its id is taken by the routes of groups too', json: groupSchema },
    input: ({ body }) => ({ subject: body.subject, description: body.description ?? null }),
    render: renderGroup,
  }),
  actionRoute(commands, {
    method: 'delete',
    path: 'communities/{gid}',
    tag,
    summary: 'Deactivates a community that the account owns; its groups stay, unlinked',
    kind: 'DeactivateCommunity',
    status: 204,
    answer: { about: 'Deactivated' },
    input: ({ param }) => ({ gid: param('gid') }),
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'communities/{gid}/groups',
    tag,
    summary: 'Lists the groups of a community',
    kind: 'ListLinkedGroups',
    answer: { about: 'The linked groups', json: linkedGroups },
    input: ({ param }) => ({ gid: param('gid') }),
    render: (items) => ({ items, next: null }),
  }),
  ...([true, false] as const).map((isLinked) =>
    actionRoute(commands, {
      method: isLinked ? 'put' : 'delete',
      path: 'communities/{gid}/groups/{group}',
      tag,
      summary: isLinked ? 'Links a group to a community' : 'Unlinks a group from a community',
      kind: isLinked ? 'LinkGroup' : 'UnlinkGroup',
      status: 204,
      answer: { about: isLinked ? 'Linked' : 'Not linked any more' },
      input: ({ param }) => ({ gid: param('gid'), group: param('group') }),
    }),
  ),
];

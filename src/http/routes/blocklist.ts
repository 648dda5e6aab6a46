/** Whom an account has blocked. */
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import { partyList } from '../schemas/common.ts';

const tag = 'contacts';

export const blocklistRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  actionRoute(commands, {
    method: 'get',
    path: 'blocklist',
    tag,
    summary: 'Lists whom the account has blocked',
    kind: 'GetBlocklist',
    answer: { about: 'The blocked parties', json: partyList },
    input: () => ({}),
    render: (items) => ({ items, next: null }),
  }),
  ...([true, false] as const).map((isBlocked) =>
    actionRoute(commands, {
      method: isBlocked ? 'put' : 'delete',
      path: 'contacts/{address}/block',
      tag,
      summary: isBlocked ? 'Blocks a contact' : 'Unblocks a contact',
      kind: 'SetBlocked',
      status: 204,
      answer: { about: isBlocked ? 'Blocked' : 'Not blocked any more' },
      input: ({ param }) => ({ address: param('address'), isBlocked }),
    }),
  ),
];

/** The accounts that this account has blocked. Called through `actions.ts`. */
import type { BlocklistActions } from '../protocol/blocklist.ts';
import type { HandlersOf } from './action-context.ts';

export const blocklistHandlers: HandlersOf<keyof BlocklistActions> = {
  async GetBlocklist(_input, { sock, party }) {
    const jids = await sock.fetchBlocklist();
    return Promise.all(jids.flatMap((jid) => (jid ? [party(jid)] : [])));
  },

  async SetBlocked({ address, isBlocked }, { sock, resolve }) {
    await sock.updateBlockStatus(await resolve(address), isBlocked ? 'block' : 'unblock');
    return null;
  },
};

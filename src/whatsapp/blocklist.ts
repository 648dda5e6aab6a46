/** The accounts that this account has blocked. Called through `actions.ts`. */
import type { BlocklistActions } from '../protocol/blocklist.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Party } from '../protocol/message.ts';
import type { HandlersOf } from './action-context.ts';

export const blocklistUpdated = (contact: Party, isBlocked: boolean): NewEvent<'blocklist.updated'> => ({
  type: 'blocklist.updated',
  chat: null,
  data: { contact, blocked: isBlocked },
});

export const blocklistHandlers: HandlersOf<keyof BlocklistActions> = {
  async GetBlocklist(_input, { sock, party }) {
    const jids = await sock.fetchBlocklist();
    return Promise.all(jids.flatMap((jid) => (jid ? [party(jid)] : [])));
  },

  async SetBlocked({ address, isBlocked }, { sock, resolve, party, raise }) {
    const jid = await resolve(address);
    await sock.updateBlockStatus(jid, isBlocked ? 'block' : 'unblock');
    raise([blocklistUpdated(await party(jid), isBlocked)]);
    return null;
  },
};

/** Typing towards a chat and subscriptions to somebody's presence. Called through `actions.ts`. */
import type { PresenceActions } from '../protocol/presences.ts';
import type { HandlersOf } from './action-context.ts';

export const presenceHandlers: HandlersOf<keyof PresenceActions> = {
  async ShowTyping({ chat, state }, { sock, resolve }) {
    await sock.sendPresenceUpdate(state, await resolve(chat));
    return null;
  },

  async SubscribePresence({ chat }, { sock, resolve }) {
    await sock.presenceSubscribe(await resolve(chat));
    return null;
  },
};

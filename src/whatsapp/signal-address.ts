/**
 * Signal addresses of JIDs, as Baileys writes them: `user.device`, with the domain in the user part for
 * everything but phone numbers (`123_1.0` is a LID). Pure text; the LID of a number is `lid-mapping.ts`.
 */
import { jidDecode } from '@whiskeysockets/baileys';

export interface SignalAddress {
  /** User part with its domain. */
  readonly user: string;
  readonly device: number;
  /** `user.device`: the name of the session record and of its lock. */
  readonly name: string;
}

const hostedDevice = 99;

export function signalAddress(jid: string): SignalAddress {
  const decoded = jidDecode(jid);
  if (!decoded?.user) throw new Error(`JID without a user: "${jid}"`);
  const device = decoded.device ?? 0;
  if (device === hostedDevice && decoded.server !== 'hosted' && decoded.server !== 'hosted.lid') {
    throw new Error(`device 99 is only valid for hosted JIDs: "${jid}"`);
  }
  const user = decoded.domainType ? `${decoded.user}_${decoded.domainType}` : decoded.user;
  return { user, device, name: `${user}.${device}` };
}

export const sessionKey = (address: SignalAddress): string => `session:${address.name}`;
export const identityKey = (address: SignalAddress): string => `identity-key:${address.name}`;

/** Sender-key id in Baileys' form: `group::user::device`. */
export const senderKeyName = (group: string, author: SignalAddress): string =>
  `${group}::${author.user}::${author.device}`;

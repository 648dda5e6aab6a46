/**
 * The account's name is app state: what its devices set, the newest wins. Baileys also takes it from `notify` of
 * every own message, once it is decrypted; but that says what the device was called when it sent, and what the
 * phone had on its way undid a change. Called by `connection.ts` for each message, in front of Baileys.
 */
import { areJidsSameUser, type BinaryNode, type Contact } from '@whiskeysockets/baileys';

/** Takes the name off an own message; answers it where the account has none yet. */
export function takeOwnName({ attrs }: BinaryNode, me: Contact | undefined): string | null {
  const { notify, from, participant = from } = attrs;
  if (!me || !notify || !participant) return null;
  if (!areJidsSameUser(participant, me.id) && !areJidsSameUser(participant, me.lid)) return null;
  delete attrs['notify'];
  return me.name && me.name !== '~' ? null : notify;
}

/**
 * A new sender key for a group that somebody left, so that what is sent from then on cannot be read with the
 * key that they have; Baileys would go on with the old one. The next message makes the key and hands it to
 * every member. Called by `connection.ts` at the group's notification.
 */
import { type BinaryNode, type Contact, getAllBinaryNodeChildren } from '@whiskeysockets/baileys';
import type { AccountRecords } from './account-records.ts';
import { recordKey } from './key-codec.ts';
import { senderKeyName, signalAddress } from './signal-address.ts';

const leaving: readonly string[] = ['remove', 'leave'];

export const someoneLeft = (notification: BinaryNode): boolean =>
  getAllBinaryNodeChildren(notification).some(({ tag }) => leaving.includes(tag));

/** Forgets our own key, in both addressings, and who had it. */
export async function renewSenderKey(
  records: AccountRecords,
  me: Contact | undefined,
  group: string,
): Promise<void> {
  const own = [me?.id, me?.lid].filter((jid) => jid !== undefined);
  const keys = own.map((jid) => recordKey('sender-key', senderKeyName(group, signalAddress(jid))));
  await records.locks.all(keys, () => {
    const changes = [...keys, recordKey('sender-key-memory', group)].map((key) => [key, null] as const);
    return records.write(new Map(changes));
  });
}

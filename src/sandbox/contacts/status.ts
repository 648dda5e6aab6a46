/**
 * A contact posts a status: one encrypted copy per device of its audience. Called by the speaker.
 */
import type { Account } from '../accounts/account.ts';
import { sendVirtual } from '../messages/virtual-send.ts';
import { statusJid } from '../wire/jid.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Contact } from './contacts.ts';
import { stanzaEdit, stanzaType } from './speak.ts';

export async function speakStatus(
  world: World,
  contact: Contact,
  audience: readonly Account[],
  message: proto.IMessage,
): Promise<string> {
  const id = world.stanzaId('3A');
  const attrs = {
    from: statusJid,
    participant: contact.lidJid,
    participant_pn: contact.pn,
    addressing_mode: 'lid',
    id,
    type: stanzaType(message),
    edit: stanzaEdit(message),
    notify: contact.name,
    t: world.nowSeconds(),
  };
  const plain = proto.Message.encode(message).finish();
  const companions = audience.flatMap((account) => [...account.companions.values()]);
  await Promise.all(
    companions.map((companion) => sendVirtual(world, { companion, party: contact.device, attrs, plain })),
  );
  return id;
}

/**
 * A contact writes to a group: one ciphertext for all, and its sender key for devices that lack it. Used
 * by echoes, the library and the control API.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import type { Contact } from '../contacts/contacts.ts';
import { adminDeletion, type Spoken, stanzaEdit, stanzaType } from '../contacts/speak.ts';
import type { Outgoing } from '../messages/sent-cache.ts';
import { takeBundle } from '../messages/virtual-send.ts';
import { type Node, node } from '../wire/node.ts';
import { pad } from '../wire/padding.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import { participantAttrs } from './addresses.ts';
import { type Group, isAdmin } from './group.ts';

interface GroupCopy {
  readonly attrs: Outgoing['attrs'];
  readonly message: proto.IMessage;
  readonly skmsg: Node;
  readonly distribution: proto.Message.ISenderKeyDistributionMessage;
}

const keyOf = (group: Group, companion: Companion): string =>
  `${group.jid}:${companion.account.phone}:${companion.device}`;

async function sendTo(
  world: World,
  contact: Contact,
  group: Group,
  companion: Companion,
  copy: GroupCopy,
): Promise<void> {
  const { attrs, message, skmsg, distribution } = copy;
  const { lid } = companion.account;
  /** What a retry resends: message and sender key in one, as Baileys does. */
  const plain = proto.Message.encode({ ...message, senderKeyDistributionMessage: distribution }).finish();
  world.sent.add({ companion, party: contact.device, attrs, plain });
  const content = [skmsg];
  if (!contact.sharedKeys.has(keyOf(group, companion))) {
    contact.sharedKeys.add(keyOf(group, companion));
    const share = proto.Message.encode({ senderKeyDistributionMessage: distribution }).finish();
    const sealed = await contact.device.encrypt(lid, companion.device, pad(share), () =>
      takeBundle(world, companion),
    );
    content.unshift(node('enc', { v: '2', type: sealed.type }, sealed.ciphertext));
  }
  deliver(world, companion, node('message', attrs, content));
}

async function send(
  world: World,
  contact: Contact,
  group: Group,
  message: proto.IMessage,
  id: string,
): Promise<void> {
  const edit = stanzaEdit(message);
  if (edit === adminDeletion && !isAdmin(group, contact.number))
    throw new Error(`${contact.number} is no administrator of ${group.jid}`);
  const plain = pad(proto.Message.encode(message).finish());
  const { ciphertext, distribution } = await contact.device.encryptGroup(group.jid, contact.lid, 0, plain);
  const copy: GroupCopy = {
    attrs: {
      from: group.jid,
      id,
      ...participantAttrs(group, contact.number),
      type: stanzaType(message),
      edit,
      notify: contact.name,
      t: world.nowSeconds(),
    },
    message,
    skmsg: node('enc', { v: '2', type: 'skmsg' }, ciphertext),
    distribution: { groupId: group.jid, axolotlSenderKeyDistributionMessage: distribution },
  };
  for (const number of group.members.keys()) {
    for (const companion of world.accounts.find(number)?.companions.values() ?? []) {
      await sendTo(world, contact, group, companion, copy);
    }
  }
}

/** Messages of one contact to one group leave in call order. */
export function speakInGroup(
  world: World,
  contact: Contact,
  group: Group,
  message: proto.IMessage,
): Spoken & { readonly sent: Promise<void> } {
  const id = world.stanzaId('3A');
  const sent = contact.groupTurn.then(() => send(world, contact, group, message, id));
  contact.groupTurn = sent.catch(() => undefined);
  return { id, devices: group.members.size, sent };
}

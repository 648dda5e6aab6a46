/**
 * A contact gets a group message: learns the sender key, decrypts, sends its receipt. The first echoing
 * contact of a group answers; everybody answering would be a storm. Called by the group relay.
 */
import { errorFields } from '../../log.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import type { Contact } from '../contacts/contacts.ts';
import { echoOf } from '../contacts/receive.ts';
import { askRetry } from '../messages/ask-retry.ts';
import { type Copy, openCopy } from '../messages/copy.ts';
import { bytesOf, node } from '../wire/node.ts';
import { unpad } from '../wire/padding.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import { memberJid } from './addresses.ts';
import type { Group } from './group.ts';
import type { Fanout } from './relay.ts';
import { speakInGroup } from './speak.ts';

type Distribution = proto.Message.ISenderKeyDistributionMessage | null | undefined;

async function learn(contact: Contact, { sender }: Fanout, distribution: Distribution): Promise<void> {
  const bytes = distribution?.axolotlSenderKeyDistributionMessage;
  if (!distribution?.groupId || !bytes) return;
  await contact.device.learnSenderKey(distribution.groupId, sender.account.lid, sender.device, bytes);
}

/** The message of a `skmsg`; null, and counted, when the sender key does not fit. */
async function openGroupCopy(world: World, contact: Contact, fanout: Fanout): Promise<proto.Message | null> {
  const { sender, skmsg, stanza } = fanout;
  const { account, device } = sender;
  try {
    const padded = await contact.device.decryptGroup(
      stanza.attrs['to'] ?? '',
      account.lid,
      device,
      bytesOf(skmsg),
    );
    world.counters.add('decrypted', account.phone);
    return proto.Message.decode(unpad(padded));
  } catch (error) {
    world.counters.add('decryptFailures', account.phone);
    world.log.warn(
      { error: errorFields(error), account: account.phone, id: stanza.attrs['id'] },
      'cannot decrypt',
    );
    return null;
  }
}

async function open(
  world: World,
  contact: Contact,
  fanout: Fanout,
  copy: Copy | undefined,
): Promise<proto.Message | null> {
  const direct = copy ? await openCopy(world, contact.device, fanout.sender, copy) : null;
  await learn(contact, fanout, direct?.senderKeyDistributionMessage);
  return fanout.skmsg ? openGroupCopy(world, contact, fanout) : direct;
}

const isFirstEcho = (world: World, group: Group, contact: Contact): boolean => {
  const echoing = [...group.members.keys()].find(
    (number) => !world.accounts.find(number) && world.contacts.find(number)?.behaviour === 'echo',
  );
  return echoing === contact.number;
};

function answer(world: World, contact: Contact, group: Group, message: proto.IMessage): void {
  const echo = echoOf(message);
  if (!echo || !isFirstEcho(world, group, contact)) return;
  speakInGroup(world, contact, group, echo).sent.catch((error: unknown) => {
    world.log.error({ error: errorFields(error) }, 'group echo failed');
  });
}

/** `group` is null for status. */
export async function receiveInGroup(
  world: World,
  contact: Contact,
  fanout: Fanout,
  copy: Copy | undefined,
  group: Group | null,
): Promise<void> {
  const { sender, stanza } = fanout;
  const { id = '', to: from = '' } = stanza.attrs;
  const participant = group ? memberJid(group, contact.number) : contact.lidJid;
  const message = await open(world, contact, fanout, copy);
  if (!message) {
    askRetry(world, contact.device, contact.retries, sender, { id, from, participant });
    return;
  }
  world.received.add({ contact: contact.number, id, attrs: stanza.attrs, message });
  if (contact.behaviour === 'off') return;
  const types = contact.behaviour === 'reader' ? [undefined, 'read'] : [undefined];
  for (const type of types) {
    const receipt = node('receipt', { id, from, participant, type, t: world.nowSeconds() });
    deliverToAll(world, sender.account.companions.values(), receipt);
  }
  if (group) answer(world, contact, group, message);
}

/**
 * One encrypted copy of a message for one device, and its opening by a virtual device. Made by the relay,
 * opened by contacts and phones.
 */
import { errorFields } from '../../log.ts';
import type { Companion } from '../accounts/companion.ts';
import type { SignalDevice } from '../signal/device.ts';
import { bytesOf, type Node } from '../wire/node.ts';
import { unpad } from '../wire/padding.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';

export interface Copy {
  readonly id: string;
  /** The device address that it was encrypted for. */
  readonly to: string;
  /** The chat that it belongs to, as the sender wrote it. */
  readonly chat: string;
  readonly enc: Node;
  /** The stanza that carried it. */
  readonly stanza: Node;
}

/** The message inside; null, and counted, when it cannot be decrypted. */
export async function openCopy(
  world: World,
  device: SignalDevice,
  sender: Companion,
  copy: Copy,
): Promise<proto.Message | null> {
  const { account } = sender;
  try {
    const type = copy.enc.attrs['type'] ?? '';
    const padded = await device.decrypt(account.lid, sender.device, type, bytesOf(copy.enc));
    world.counters.add('decrypted', account.phone);
    world.changed();
    return proto.Message.decode(unpad(padded));
  } catch (error) {
    world.counters.add('decryptFailures', account.phone);
    world.log.warn({ error: errorFields(error), account: account.phone, id: copy.id }, 'cannot decrypt');
    return null;
  }
}

/**
 * Sender keys of groups inside one Signal operation: making our distribution message and taking another
 * member's. Called by the repository and the journal under the sender key's lock; commits nothing itself.
 */
import {
  GroupSessionBuilder,
  ProtocolAddress,
  SenderKeyDistributionMessage,
  SenderKeyName,
} from 'whatsapp-rust-bridge';
import { recordKey } from './key-codec.ts';
import type { SignalAddress } from './signal-address.ts';
import type { SignalOperation } from './signal-operation.ts';

async function withBuilder<T>(
  op: SignalOperation,
  group: string,
  author: SignalAddress,
  use: (builder: GroupSessionBuilder, name: SenderKeyName) => Promise<T>,
): Promise<T> {
  const sender = new ProtocolAddress(author.user, author.device);
  const name = new SenderKeyName(group, sender);
  const builder = new GroupSessionBuilder(op);
  try {
    return await use(builder, name);
  } finally {
    builder.free();
    name.free();
    sender.free();
  }
}

/** Our own sender key for the group, made if there is none, as the bytes that members need. */
export function createSenderKeyDistribution(
  op: SignalOperation,
  group: string,
  me: SignalAddress,
): Promise<Uint8Array> {
  return withBuilder(op, group, me, async (builder, name) => {
    const message = await builder.create(name);
    const bytes = Buffer.from(message.serialize());
    message.free();
    return bytes;
  });
}

/** Takes a member's sender key; the same one again changes nothing and stages nothing. */
export function processSenderKeyDistribution(
  op: SignalOperation,
  group: string,
  author: SignalAddress,
  bytes: Uint8Array,
): Promise<void> {
  return withBuilder(op, group, author, async (builder, name) => {
    const key = recordKey('sender-key', name.toString());
    const before = await op.read(key);
    const message = SenderKeyDistributionMessage.deserialize(bytes);
    try {
      await builder.process(name, message);
    } finally {
      message.free();
    }
    const after = op.changes.get(key);
    if (before && after && Buffer.compare(before, after) === 0) op.changes.delete(key);
  });
}

/**
 * A contact writes: to every companion of an account, first or as an answer. Used by behaviours, by
 * `sandbox.sendFrom` and by the control API. Group messages are in the groups room.
 */
import type { Account } from '../accounts/account.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import { sendVirtual } from '../messages/virtual-send.ts';
import { isLid } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Contact } from './contacts.ts';

export interface Spoken {
  readonly id: string;
  /** Companions that it was queued for. */
  readonly devices: number;
}

const { Type } = proto.Message.ProtocolMessage;
/** The message of another member of a group is deleted: administrators may. */
export const adminDeletion = '8';

export function stanzaType(message: proto.IMessage): string {
  if (message.reactionMessage) return 'reaction';
  if (message.pollCreationMessage ?? message.pollCreationMessageV3 ?? message.pollUpdateMessage)
    return 'poll';
  const media =
    message.imageMessage ??
    message.videoMessage ??
    message.audioMessage ??
    message.documentMessage ??
    message.stickerMessage ??
    message.ptvMessage;
  return media ? 'media' : 'text';
}

/** What the stanza says that the message does to another one, as phones write it; undefined where nothing. */
export function stanzaEdit(message: proto.IMessage): string | undefined {
  const change = message.protocolMessage ?? message.editedMessage?.message?.protocolMessage;
  if (change?.type === Type.MESSAGE_EDIT) return '1';
  if (change?.type === Type.REVOKE) return change.key?.fromMe ? '7' : adminDeletion;
  if (message.pinInChatMessage) return '2';
  return message.reactionMessage?.text === '' ? '7' : undefined;
}

const senderAttrs = (contact: Contact, addressing: 'pn' | 'lid') =>
  addressing === 'lid'
    ? { from: contact.lidJid, sender_pn: contact.pn, addressing_mode: 'lid' }
    : { from: contact.pn, sender_lid: contact.lidJid, addressing_mode: undefined };

/** Encrypts for each companion; `sent` resolves when all copies are queued. */
export function speak(
  world: World,
  contact: Contact,
  account: Account,
  message: proto.IMessage,
  options: { readonly addressing?: 'pn' | 'lid'; readonly id?: string } = {},
): Spoken & { readonly sent: Promise<void> } {
  const id = options.id ?? world.stanzaId('3A');
  const plain = proto.Message.encode(message).finish();
  const attrs = {
    ...senderAttrs(contact, options.addressing ?? world.settings.addressing),
    id,
    type: stanzaType(message),
    edit: stanzaEdit(message),
    notify: contact.name,
    t: world.nowSeconds(),
  };
  const companions = [...account.companions.values()];
  if (companions.length === 0) world.counters.add('undeliverable', account.phone);
  if (account.blocked.has(contact.lidJid)) return { id, devices: 0, sent: Promise.resolve() };
  const copies = companions.map((companion) =>
    sendVirtual(world, { companion, party: contact.device, attrs, plain }),
  );
  return { id, devices: companions.length, sent: Promise.all(copies).then(() => undefined) };
}

/** A receipt from a contact; `as` is the address that the account wrote to. */
export function sendReceipt(
  world: World,
  account: Account,
  receipt: { readonly id: string; readonly as: string; readonly type?: 'read' | 'played' },
): void {
  const attrs = { id: receipt.id, from: receipt.as, type: receipt.type, t: world.nowSeconds() };
  deliverToAll(world, account.companions.values(), node('receipt', attrs));
}

export const addressingOf = (jid: string): 'pn' | 'lid' => (isLid(jid) ? 'lid' : 'pn');

/**
 * A contact's device gets a copy of a message: decrypt, then behave as its number says. Called by the
 * relay for every copy addressed to a contact. A failure asks for a retry, as a phone does.
 */
import { errorFields } from '../../log.ts';
import type { Companion } from '../accounts/companion.ts';
import { askRetry } from '../messages/ask-retry.ts';
import { type Copy, openCopy } from '../messages/copy.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Contact } from './contacts.ts';
import { addressingOf, sendReceipt, speak } from './speak.ts';

/** What an echo repeats: text as text, media as it came; null for everything that is not a message. */
export function echoOf(message: proto.IMessage): proto.IMessage | null {
  const text = message.conversation || message.extendedTextMessage?.text;
  if (text) return { conversation: text };
  const { imageMessage, videoMessage, audioMessage, documentMessage, stickerMessage } = message;
  if (imageMessage) return { imageMessage };
  if (videoMessage) return { videoMessage };
  if (audioMessage) return { audioMessage };
  if (documentMessage) return { documentMessage };
  if (stickerMessage) return { stickerMessage };
  return message.locationMessage ? { locationMessage: message.locationMessage } : null;
}

function behave(
  world: World,
  contact: Contact,
  sender: Companion,
  copy: Copy,
  message: proto.IMessage,
): void {
  const { id, to } = copy;
  if (contact.behaviour === 'off') return;
  const { account } = sender;
  sendReceipt(world, account, { id, as: to });
  if (contact.behaviour === 'reader') {
    sendReceipt(world, account, { id, as: to, type: 'read' });
    if (message.audioMessage?.ptt) sendReceipt(world, account, { id, as: to, type: 'played' });
  }
  const echo = contact.behaviour === 'echo' ? echoOf(message) : null;
  if (!echo) return;
  const answer = (): void => {
    const { sent } = speak(world, contact, account, echo, { addressing: addressingOf(to) });
    sent.catch((error: unknown) => world.log.error({ error: errorFields(error) }, 'echo failed'));
  };
  if (world.settings.replyDelayMs === 0) answer();
  else world.clock.after(world.settings.replyDelayMs, answer);
}

export async function receiveAtContact(
  world: World,
  contact: Contact,
  sender: Companion,
  copy: Copy,
): Promise<void> {
  const message = await openCopy(world, contact.device, sender, copy);
  if (message) {
    world.received.add({ contact: contact.number, id: copy.id, attrs: copy.stanza.attrs, message });
    contact.retries.delete(copy.id);
    behave(world, contact, sender, copy, message);
  } else {
    askRetry(world, contact.device, contact.retries, sender, { id: copy.id, from: copy.to });
  }
}

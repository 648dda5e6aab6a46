/** A status that the socket reported, as the change that is made durable. Pure; called by `instance.ts`. */
import { rejectedByWhatsapp } from '../whatsapp/refusals.ts';
import type { StatusUpdate } from '../whatsapp/wa-socket.ts';
import type { StatusChange } from './message-statuses.ts';

export function statusChange(update: StatusUpdate): StatusChange {
  const { whatsappCode, ...change } = update;
  if (update.status !== 'failed') return { ...change, error: null };
  const { code, message } = rejectedByWhatsapp('the message', whatsappCode);
  return { ...change, error: { code, whatsappCode, message } };
}

/**
 * People that a text names, as the JIDs that WhatsApp knows them by: numbers go through the number cache, so that
 * the Brazilian ninth digit works either way, and what the text says of them follows. Called by `destination.ts`.
 */
import type { MessageContent } from '../protocol/message.ts';
import { userOf } from '../whatsapp/addresses.ts';
import { renamed } from '../whatsapp/compose/mentions.ts';
import type { ResolveAll } from '../whatsapp/wa-socket.ts';

/** The digits of a number in any writing; empty for a JID, which stands for itself. */
const digitsOf = (address: string): string => (address.includes('@') ? '' : address.replace(/\D/g, ''));

/** Who is not on WhatsApp is named as written. */
export async function withMentions(content: MessageContent, resolveAll: ResolveAll): Promise<MessageContent> {
  if (!('mentions' in content) || content.mentions === 'all' || content.mentions.length === 0) return content;
  const written = content.mentions;
  const found = await resolveAll(written);
  const mentions = written.map((address, index) => found[index] ?? address);
  const pairs = written.map((address, index) => [digitsOf(address), userOf(mentions[index])] as const);
  return content.type === 'text'
    ? { ...content, mentions, text: renamed(content.text, pairs) }
    : { ...content, mentions, caption: renamed(content.caption, pairs) };
}

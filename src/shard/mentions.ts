/**
 * People that a text names, as the JIDs that WhatsApp knows them by: numbers go through the number cache, so that
 * the Brazilian ninth digit works either way, and what the text says of them follows. Called by `destination.ts`.
 */
import type { MessageContent } from '../protocol/message.ts';
import type { ResolveAll } from '../whatsapp/wa-socket.ts';

const userOf = (jid: string): string => jid.split('@')[0] ?? '';
/** The digits of a number in any writing; empty for a JID, which stands for itself. */
const digitsOf = (address: string): string => (address.includes('@') ? '' : address.replace(/\D/g, ''));

/** WhatsApp's apps show a name where the text has "@" and the user part of the JID. */
function renamed(text: string, written: readonly string[], jids: readonly string[]): string {
  return written.reduce((now, address, index) => {
    const [before, after] = [digitsOf(address), userOf(jids[index] ?? '')];
    if (before === '' || before === after) return now;
    return now.replaceAll(new RegExp(`@${before}(?!\\d)`, 'g'), `@${after}`);
  }, text);
}

/** Who is not on WhatsApp is named as written. */
export async function withMentions(content: MessageContent, resolveAll: ResolveAll): Promise<MessageContent> {
  if (!('mentions' in content) || content.mentions === 'all' || content.mentions.length === 0) return content;
  const written = content.mentions;
  const found = await resolveAll(written);
  const mentions = written.map((address, index) => found[index] ?? address);
  if (content.type === 'text')
    return { ...content, mentions, text: renamed(content.text, written, mentions) };
  if (content.caption === null) return { ...content, mentions };
  return { ...content, mentions, caption: renamed(content.caption, written, mentions) };
}

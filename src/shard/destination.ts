/**
 * Where a message goes, and whom it names: the JID of its chat, of those it mentions and, of a status post, of its
 * audience. Doing it twice changes nothing: JIDs stand for themselves. Called by `outgoing.ts`.
 */
import { AppError } from '../errors.ts';
import { type MessageContent, type Party, statusJid } from '../protocol/message.ts';
import { notOnWhatsapp } from '../whatsapp/addresses.ts';
import type { ResolveAll } from '../whatsapp/wa-socket.ts';
import { withMentions } from './mentions.ts';

interface Destination {
  readonly jid: string;
  readonly content: MessageContent;
}

export interface DestinationParts {
  readonly resolveAll: ResolveAll;
  /** Who was sent the status post of this id, as JIDs. */
  postedTo(id: string): Promise<readonly string[] | undefined>;
  me(): Party;
}

function assertChat(jid: string): void {
  if (!jid.endsWith('@broadcast')) return;
  const message =
    jid === statusJid ? 'a status is posted with POST …/status' : 'broadcast lists cannot be written to';
  throw new AppError('validation_failed', message, { errors: [{ path: 'to', message }] });
}

/** Of the audience whoever is not on WhatsApp is left out; the account's own devices show the post too. */
async function reached(audience: readonly string[], parts: DestinationParts): Promise<readonly string[]> {
  const found = (await parts.resolveAll(audience)).filter((jid) => jid !== null);
  if (found.length === 0) throw new AppError('not_on_whatsapp', 'Nobody of the audience is on WhatsApp.');
  const me = parts.me();
  return [...new Set([...found, me.lid ?? me.jid])];
}

async function takenBackFrom(id: string, parts: DestinationParts): Promise<readonly string[]> {
  const audience = await parts.postedTo(id);
  if (audience) return audience;
  throw new AppError('conflict', 'who saw the status is not known here: it was posted on another device');
}

/** Null: the content is no status post, nor takes one back. */
async function audienceOf(
  { to, content }: { readonly to: string; readonly content: MessageContent },
  parts: DestinationParts,
): Promise<readonly string[] | null> {
  if ('audience' in content && content.audience) return reached(content.audience, parts);
  return content.type === 'delete' && to === statusJid ? takenBackFrom(content.target.id, parts) : null;
}

/** Rejects `not_on_whatsapp`, `validation_failed`, `conflict`. */
export async function destinationOf(
  draft: { readonly to: string; readonly content: MessageContent },
  parts: DestinationParts,
): Promise<Destination> {
  const { to, content } = draft;
  const audience = await audienceOf(draft, parts);
  if (audience) return { jid: statusJid, content: { ...content, audience } as MessageContent };
  const [jid] = await parts.resolveAll([to]);
  if (!jid) throw notOnWhatsapp(to);
  assertChat(jid);
  return { jid, content: await withMentions(content, parts.resolveAll) };
}

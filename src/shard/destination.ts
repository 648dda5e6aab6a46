/**
 * Where a message goes: the JID of its chat and, of a status post, the JIDs of its audience. Doing it twice changes
 * nothing: JIDs stand for themselves. Called by `outgoing.ts`.
 */
import { AppError } from '../errors.ts';
import { type MessageContent, type Party, statusJid } from '../protocol/message.ts';
import { notOnWhatsapp } from '../whatsapp/addresses.ts';

interface Destination {
  readonly jid: string;
  readonly content: MessageContent;
}

type ResolveAll = (addresses: readonly string[]) => Promise<readonly (string | null)[]>;

function assertChat(jid: string): void {
  if (!jid.endsWith('@broadcast')) return;
  const message =
    jid === statusJid ? 'a status is posted with POST …/status' : 'broadcast lists cannot be written to';
  throw new AppError('validation_failed', message, { errors: [{ path: 'to', message }] });
}

/** Of the audience whoever is not on WhatsApp is left out; the account's own devices show the post too. */
async function posted(
  content: MessageContent,
  audience: readonly string[],
  resolveAll: ResolveAll,
  me: Party,
): Promise<Destination> {
  const found = (await resolveAll(audience)).filter((jid) => jid !== null);
  if (found.length === 0) throw new AppError('not_on_whatsapp', 'Nobody of the audience is on WhatsApp.');
  const all = new Set([...found, me.lid ?? me.jid]);
  return { jid: statusJid, content: { ...content, audience: [...all] } as MessageContent };
}

/** Rejects `not_on_whatsapp`, `validation_failed`. */
export async function destinationOf(
  { to, content }: { readonly to: string; readonly content: MessageContent },
  resolveAll: ResolveAll,
  me: Party,
): Promise<Destination> {
  if ('audience' in content && content.audience) return posted(content, content.audience, resolveAll, me);
  const [jid] = await resolveAll([to]);
  if (!jid) throw notOnWhatsapp(to);
  assertChat(jid);
  return { jid, content };
}

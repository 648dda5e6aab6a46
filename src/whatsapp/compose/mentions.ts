/** Who is mentioned, as the context that a message carries. Used by the composers of texts and captions. */
import { isJidGroup, type proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import type { Mentions } from '../../protocol/message.ts';
import { parseAddress } from '../addresses.ts';
import type { ComposeContext } from './compose-context.ts';

function mentionedJid(address: string): string {
  const parsed = parseAddress(address);
  return parsed.kind === 'phone' ? `${parsed.digits}@s.whatsapp.net` : parsed.jid;
}

/** Undefined where nobody is. `all` takes a group. */
export async function mentionContext(
  mentions: Mentions,
  { to, groups }: ComposeContext,
): Promise<proto.IContextInfo | undefined> {
  if (mentions !== 'all')
    return mentions.length === 0 ? undefined : { mentionedJid: mentions.map(mentionedJid) };
  if (!isJidGroup(to))
    throw new AppError('validation_failed', 'mentions: "all" takes a group', {
      errors: [{ path: 'mentions', message: '"all" takes a group' }],
    });
  const group = await groups.get(to);
  return { mentionedJid: (group?.participants ?? []).map(({ id }) => id) };
}

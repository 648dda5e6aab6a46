/**
 * Who is mentioned: the context that a message carries, and what its text says of them. Used by the composers of
 * texts and captions, and by the shard, which knows numbers in other writings.
 */
import { type GroupMetadata, isJidGroup, type proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import type { Mentions } from '../../protocol/message.ts';
import { parseAddress } from '../addresses.ts';
import type { ComposeContext } from './compose-context.ts';

export interface Mentioning<T extends string | null> {
  readonly text: T;
  /** Absent where nobody is mentioned. */
  readonly contextInfo?: proto.IContextInfo;
}

export const userOf = (jid: string): string => jid.split('@')[0] ?? '';

/** WhatsApp's apps show a name where the text has "@" and the user part of the JID. `pairs`: before, after. */
export function renamed<T extends string | null>(
  text: T,
  pairs: readonly (readonly [before: string, after: string])[],
): T {
  if (text === null) return text;
  return pairs.reduce(
    (now: string, [before, after]) =>
      before === '' || before === after
        ? now
        : now.replaceAll(new RegExp(`@${before}(?!\\d)`, 'g'), `@${after}`),
    text,
  ) as T;
}

function mentionedJid(address: string): string {
  const parsed = parseAddress(address);
  return parsed.kind === 'phone' ? `${parsed.digits}@s.whatsapp.net` : parsed.jid;
}

/** A member's JID as the group addresses it; whoever is no member as written. */
function memberJid(group: GroupMetadata | undefined, jid: string): string {
  const isOne = ({ id, phoneNumber, lid }: GroupMetadata['participants'][number]): boolean =>
    id === jid || phoneNumber === jid || lid === jid;
  return group?.participants.find(isOne)?.id ?? jid;
}

/** `all` takes a group. */
export async function mentioning<T extends string | null>(
  text: T,
  mentions: Mentions,
  { to, groups }: ComposeContext,
): Promise<Mentioning<T>> {
  if (mentions.length === 0) return { text };
  const group = isJidGroup(to) ? await groups.get(to) : undefined;
  if (mentions !== 'all') {
    const written = mentions.map(mentionedJid);
    const jids = written.map((jid) => memberJid(group, jid));
    const pairs = written.map((jid, index) => [userOf(jid), userOf(jids[index] ?? jid)] as const);
    return { text: renamed(text, pairs), contextInfo: { mentionedJid: jids } };
  }
  if (!isJidGroup(to))
    throw new AppError('validation_failed', 'mentions: "all" takes a group', {
      errors: [{ path: 'mentions', message: '"all" takes a group' }],
    });
  return { text, contextInfo: { mentionedJid: (group?.participants ?? []).map(({ id }) => id) } };
}

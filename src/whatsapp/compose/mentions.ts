/**
 * Who is mentioned: the context that a message carries, and what its text says of them. Used by the composers of
 * texts and captions, and by the shard, which knows numbers in other writings.
 */
import { type GroupParticipant, isJidGroup, type proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import type { Mentions } from '../../protocol/message.ts';
import { isSamePerson, parseAddress, partyOf, userOf } from '../addresses.ts';
import { otherOf } from '../group-view.ts';
import type { ComposeContext } from './compose-context.ts';

export interface Mentioning<T extends string | null> {
  readonly text: T;
  /** Absent where nobody is mentioned. */
  readonly contextInfo?: proto.IContextInfo;
}

/** WhatsApp's apps show a name where the text has "@" and the user part of the JID. `pairs`: before, after; without both nothing changes. */
export function renamed<T extends string | null>(
  text: T,
  pairs: readonly (readonly [before: string | undefined, after: string | undefined])[],
): T {
  if (text === null) return text;
  return pairs.reduce(
    (now: string, [before, after]) =>
      !before || !after || before === after
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
function memberJid(members: readonly GroupParticipant[], jid: string): string {
  const party = partyOf(jid);
  return members.find((member) => isSamePerson(partyOf(member.id, otherOf(member)), party))?.id ?? jid;
}

/** `all` takes a group. */
export async function mentioning<T extends string | null>(
  text: T,
  mentions: Mentions,
  { to, groups }: ComposeContext,
): Promise<Mentioning<T>> {
  if (mentions.length === 0) return { text };
  if (mentions === 'all' && !isJidGroup(to))
    throw new AppError('validation_failed', 'mentions: "all" takes a group', {
      errors: [{ path: 'mentions', message: '"all" takes a group' }],
    });
  const members = isJidGroup(to) ? ((await groups.get(to))?.participants ?? []) : [];
  if (mentions === 'all') return { text, contextInfo: { mentionedJid: members.map(({ id }) => id) } };
  const written = mentions.map(mentionedJid);
  const jids = written.map((jid) => memberJid(members, jid));
  const pairs = written.map((jid, index) => [userOf(jid), userOf(jids[index])] as const);
  return { text: renamed(text, pairs), contextInfo: { mentionedJid: jids } };
}

/**
 * Queries to WhatsApp's group server (`w:g2`), where Baileys' own method drops what the answer says, and the
 * check of a group's JID. Called by the files of groups and communities.
 */
import type { BinaryNode, GroupMetadata } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
import { parseAddress } from './addresses.ts';
import { attributeText } from './attribute-text.ts';
import { refusedQuery, statusOf } from './refusals.ts';

export const groupServer = '@g.us';

export function invalidAt(path: string, message: string): AppError {
  return new AppError('validation_failed', message, { errors: [{ path, message }] });
}

/** The JID of a group as the caller wrote it; anything else is `validation_failed`. */
export function groupJid(gid: string, path = 'gid'): string {
  const shown = JSON.stringify(gid.slice(0, 80));
  const address = gid.includes('@') ? parseAddress(gid) : undefined;
  if (address?.kind === 'group') return address.jid;
  throw invalidAt(path, `${shown} is no JID of a group; one ends in @g.us`);
}

export function groupQuery(
  { sock }: Pick<ActionContext, 'sock'>,
  to: string,
  type: 'get' | 'set',
  content: BinaryNode[],
): Promise<BinaryNode> {
  return sock.query({ tag: 'iq', attrs: { type, xmlns: 'w:g2', to }, content });
}

/** What a group's member may see; `not_found` where there is no such group or this account is not in it. */
export async function metadataOf({ groups }: ActionContext, jid: string): Promise<GroupMetadata> {
  try {
    const metadata = await groups.get(jid);
    if (metadata) return metadata;
  } catch (error) {
    const code = statusOf(error);
    if (code !== 403 && code !== 404) throw error;
    const detail = `There is no group ${jid}, or this account is not in it (${code}).`;
    throw new AppError('not_found', detail, { extra: { whatsappCode: code } });
  }
  throw new AppError('instance_not_open', 'The connection is still being made.', { retryAfterMs: 1_000 });
}

/** Where the subject could not stand in the attribute that makes a group, it is set once more as content. */
export async function exactSubject(
  { sock }: Pick<ActionContext, 'sock'>,
  jid: string,
  subject: string,
): Promise<void> {
  if (attributeText(subject) !== subject) await sock.groupUpdateSubject(jid, subject);
}

/** Elements of an answer that carry an `error` of their own are refusals of the whole request. */
export function assertNoError(child: BinaryNode | undefined, what: string): void {
  const code = Number(child?.attrs['error'] ?? 0);
  if (code !== 0 && code !== 200) throw refusedQuery(what, code);
}

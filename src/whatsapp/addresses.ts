/**
 * JIDs and parties: how one person's addresses become `{ jid, pn, lid }`, and what an address in the API
 * means. Pure but for the mapping it is given; called by the capability files and the shard.
 */
import { isJidGroup, isLidUser, isPnUser, jidDecode, jidNormalizedUser } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import { digitsWritten, phoneDigitsMax, phoneDigitsMin } from '../phone-number.ts';
import type { Me } from '../protocol/instance.ts';
import type { Party } from '../protocol/message.ts';
import type { LidMapping } from './lid-mapping.ts';

/** A JID without device and agent; the old `c.us` becomes `s.whatsapp.net`. */
export const bareJid = (jid: string): string => jidNormalizedUser(jid);

const pnOf = (jid: string | null | undefined): string | null => (jid && isPnUser(jid) ? bareJid(jid) : null);
const lidOf = (jid: string | null | undefined): string | null =>
  jid && isLidUser(jid) ? bareJid(jid) : null;

/** A party of one JID and, where known, its other form. `pn` and `lid` are JIDs too. */
export function partyOf(jid: string, other?: string | null): Party {
  const bare = bareJid(jid) || jid;
  return { jid: bare, pn: pnOf(jid) ?? pnOf(other), lid: lidOf(jid) ?? lidOf(other) };
}

/** The party with both forms, where the account's mapping has them. */
export async function resolvedParty(lids: LidMapping, jid: string, other?: string | null): Promise<Party> {
  const party = partyOf(jid, other);
  if (party.pn && !party.lid) return { ...party, lid: lidOf(await lids.localLid(party.pn)) };
  if (party.lid && !party.pn) return { ...party, pn: pnOf(await lids.getPNForLID(party.lid)) };
  return party;
}

/** This account as it logged in. */
export function meOf(contact: { id: string; lid?: string; name?: string }): Me {
  const { jid, pn, lid } = partyOf(contact.id, contact.lid ?? null);
  return { jid, pn, lid, name: contact.name && contact.name !== '~' ? contact.name : null };
}

export const mineOf = (me: Me): Party => ({ jid: me.jid, pn: me.pn, lid: me.lid });

/** The same person, whichever addresses were known of them at the time. */
export const isSamePerson = (a: Party, b: Party): boolean =>
  a.jid === b.jid || (a.pn !== null && a.pn === b.pn) || (a.lid !== null && a.lid === b.lid);

/** Undefined where it is no JID. */
export const userOf = (jid: string | null | undefined): string | undefined =>
  jidDecode(jid ?? undefined)?.user;

/** This account, under either address and from any device. */
export function isMine(jid: string | null | undefined, { pn, lid }: Pick<Me, 'pn' | 'lid'>): boolean {
  const user = userOf(jid);
  return user !== undefined && [pn, lid].some((own) => own?.startsWith(`${user}@`));
}

export type Address =
  | { readonly kind: 'phone'; readonly digits: string }
  | { readonly kind: 'person' | 'group' | 'newsletter' | 'broadcast'; readonly jid: string };

function refuse(input: string, why: string): never {
  const message = `${JSON.stringify(input.slice(0, 80))} ${why}`;
  throw new AppError('validation_failed', message, { errors: [{ path: 'to', message }] });
}

function parsePhone(input: string): Address {
  const digits = digitsWritten(input);
  if (digits === null) return refuse(input, 'is neither a phone number, nor a JID, nor a LID');
  if (digits.length < phoneDigitsMin || digits.length > phoneDigitsMax) {
    refuse(
      input,
      `has ${digits.length} digits; a number has ${phoneDigitsMin} to ${phoneDigitsMax} with its country code`,
    );
  }
  if (digits.startsWith('0')) refuse(input, 'begins with 0; write it with its country code');
  return { kind: 'phone', digits };
}

function parseJid(input: string): Address {
  const jid = bareJid(input);
  if (isJidGroup(jid) && /^[\d-]+@/.test(jid)) return { kind: 'group', jid };
  if (/^\d{3,32}@lid$/.test(jid)) return { kind: 'person', jid };
  const phone = /^(\d+)@s\.whatsapp\.net$/.exec(jid)?.[1];
  if (phone) return parsePhone(phone);
  if (/^\d+@newsletter$/.test(jid)) return { kind: 'newsletter', jid };
  if (/^(status|\d+)@broadcast$/.test(jid)) return { kind: 'broadcast', jid };
  return refuse(input, 'is no JID of a person, group, newsletter or broadcast list');
}

export const notOnWhatsapp = (address: string): AppError =>
  new AppError('not_on_whatsapp', `${address} is not on WhatsApp.`);

/** A phone number in any common writing, a JID or a LID. Rejects with `validation_failed`. */
export function parseAddress(input: string): Address {
  const text = input.trim();
  return text.includes('@') ? parseJid(text) : parsePhone(text);
}

/** The digits of a phone number; a JID of a person counts as one, anything else is `validation_failed`. */
export function phoneDigits(input: string): string {
  const address = parseAddress(input);
  return address.kind === 'phone' ? address.digits : refuse(input, 'is no phone number');
}

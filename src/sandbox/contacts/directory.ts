/**
 * Who has an address: account or contact, its both addresses and its devices. The one place that answers
 * "does this number exist"; used by directory queries, groups and the control API.
 */
import { parseJid } from '../wire/jid.ts';
import type { World } from '../world.ts';
import { canonicalNumber, numberOfLid } from './numbers.ts';

export interface Person {
  readonly number: string;
  readonly pn: string;
  readonly lid: string;
  readonly name: string;
  /** Companion devices, never 0. */
  readonly devices: readonly number[];
}

export function personByNumber(world: World, number: string): Person | null {
  const account = world.accounts.find(number);
  if (account) {
    const devices = [...account.companions.keys()];
    return { number: account.phone, pn: account.pn, lid: account.lidJid, name: account.pushName, devices };
  }
  const canonical = canonicalNumber(number);
  const known = canonical === null ? null : world.accounts.find(canonical);
  if (known) return personByNumber(world, known.phone);
  const contact = canonical === null ? null : world.contacts.find(canonical);
  return (
    contact && {
      number: contact.number,
      pn: contact.pn,
      lid: contact.lidJid,
      name: contact.name,
      devices: [],
    }
  );
}

export function personByJid(world: World, jid: string): Person | null {
  const { user, server } = parseJid(jid);
  const number = server === 'lid' ? numberOfLid(user) : user;
  return number === null ? null : personByNumber(world, number);
}

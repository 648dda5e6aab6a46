/**
 * From what a user writes (a number in any form, or a JID) to an account or a contact. Used by the
 * library and the control API; throws a plain Error that says what is wrong.
 */
import type { Account } from './accounts/account.ts';
import type { Contact } from './contacts/contacts.ts';
import { type Person, personByNumber } from './contacts/directory.ts';
import { canonicalNumber, numberOfLid } from './contacts/numbers.ts';
import { parseJid } from './wire/jid.ts';
import type { World } from './world.ts';

function numberIn(text: string): string {
  if (!text.includes('@')) return text.replace(/\D/g, '');
  const { user, server } = parseJid(text);
  return server === 'lid' ? (numberOfLid(user) ?? '') : user;
}

export function accountOf(world: World, text: string): Account {
  const account = world.accounts.find(numberIn(text));
  if (!account) throw new Error(`no account has the number ${text}`);
  return account;
}

/** Anybody: account or contact. */
export function personOf(world: World, text: string): Person {
  const person = personByNumber(world, numberIn(text));
  if (!person) throw new Error(`nobody has the number ${text}`);
  return person;
}

export function contactOf(world: World, text: string): Contact {
  const number = canonicalNumber(numberIn(text));
  const contact = number === null ? null : world.contacts.find(number);
  if (!contact) throw new Error(`the number ${text} does not exist by the sandbox's rule`);
  return contact;
}

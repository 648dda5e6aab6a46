/**
 * Under which ids the store may have the chat or contact of an address as a caller wrote it: the LID that the
 * instance knows of a number, the number, and a Brazilian mobile number with and without its ninth digit.
 * On the main thread, so without Baileys; what is to be sent is resolved by the shard instead.
 */
import { AppError } from '../errors.ts';
import { bothWritings, digitsWritten, phoneDigitsMax, phoneDigitsMin } from '../phone-number.ts';
import type { SessionStore } from '../store/ports.ts';

const servers = ['s.whatsapp.net', 'lid', 'g.us', 'newsletter', 'broadcast'];

function refuse(address: string): never {
  const message = `${JSON.stringify(address.slice(0, 80))} is neither a phone number, nor a JID, nor a LID`;
  throw new AppError('validation_failed', message, { errors: [{ path: 'chat', message }] });
}

function parsed(address: string): { readonly numbers: readonly string[] } | { readonly jid: string } {
  const text = address.trim();
  const [, user, server] = /^([^@:]+)(?::\d+)?@(.+)$/.exec(text) ?? [];
  if (user && server) {
    const known = server === 'c.us' ? 's.whatsapp.net' : server;
    if (!servers.includes(known)) return refuse(address);
    return known === 's.whatsapp.net' ? { numbers: bothWritings(user) } : { jid: `${user}@${known}` };
  }
  const digits = digitsWritten(text) ?? '';
  if (digits.length < phoneDigitsMin || digits.length > phoneDigitsMax) return refuse(address);
  return { numbers: bothWritings(digits) };
}

/** Most likely first. `validation_failed` where it is no address. */
export async function idsOf(
  sessions: Pick<SessionStore, 'signal'>,
  instance: string,
  address: string,
): Promise<readonly string[]> {
  const found = parsed(address);
  if ('jid' in found) return [found.jid];
  const ids: string[] = [];
  for (const number of found.numbers) {
    const lid = await sessions.signal(instance, `lid-mapping:${number}`);
    if (lid) ids.push(`${Buffer.from(lid).toString()}@lid`);
    ids.push(`${number}@s.whatsapp.net`);
  }
  return ids;
}

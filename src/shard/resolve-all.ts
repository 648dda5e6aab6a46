/** Addresses as callers write them, as JIDs. Called by `instance.ts`, which has the number cache. */
import type { NumberResult } from '../protocol/message.ts';
import { parseAddress } from '../whatsapp/addresses.ts';
import type { ResolveAll } from '../whatsapp/wa-socket.ts';

interface Checking {
  checkNumbers(phones: readonly string[]): Promise<readonly NumberResult[]>;
}

/** Numbers are looked up together; JIDs are taken as they are. */
export const resolverOf =
  (checking: Checking): ResolveAll =>
  async (addresses) => {
    const parsed = addresses.map(parseAddress);
    const phones = parsed.flatMap((one) => (one.kind === 'phone' ? [one.digits] : []));
    const found = phones.length > 0 ? await checking.checkNumbers(phones) : [];
    let next = 0;
    return parsed.map((one) => (one.kind === 'phone' ? (found[next++]?.jid ?? null) : one.jid));
  };

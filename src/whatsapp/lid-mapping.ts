/**
 * Phone number ↔ LID of one account, both directions, over its records. It answers everything that Baileys
 * asks of its own LIDMappingStore; `local…` answers from the store alone. Never caches beyond the account's
 * bounded record cache, so that nothing grows with the contacts seen.
 */
import type { LIDMapping } from '@whiskeysockets/baileys';
import { isHostedPnUser, isLidUser, isPnUser, jidDecode, jidNormalizedUser } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import type { AccountRecords } from './account-records.ts';
import { BoundedMap } from './bounded-map.ts';
import { lidMissesMax, lidMissTtlMs } from './limits.ts';

export type LidLookup = (pns: string[]) => Promise<LIDMapping[] | undefined>;

const pnKey = (user: string): string => `lid-mapping:${user}`;
const lidKey = (user: string): string => `lid-mapping:${user}_reverse`;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const deviceSuffix = (device: number | undefined): string => (device ? `:${device}` : '');

interface UserPair {
  readonly pn: string;
  readonly lid: string;
}

function userPair(pair: LIDMapping): UserPair | undefined {
  const [pn, lid] = isLidUser(pair.lid) ? [pair.pn, pair.lid] : [pair.lid, pair.pn];
  if (!isPnUser(pn) || !isLidUser(lid)) return undefined;
  const pnUser = jidDecode(pn)?.user;
  const lidUser = jidDecode(lid)?.user;
  return pnUser && lidUser ? { pn: pnUser, lid: lidUser } : undefined;
}

export class LidMapping {
  private readonly records: AccountRecords;
  private readonly clock: Clock;
  private readonly misses = new BoundedMap<number>(lidMissesMax);
  private readonly inFlight = new Map<string, Promise<void>>();
  /** Asks WhatsApp; set by the socket that owns the account now. */
  lookup: LidLookup | undefined;

  constructor(records: AccountRecords, clock: Clock) {
    this.records = records;
    this.clock = clock;
  }

  async storeLIDPNMappings(pairs: LIDMapping[]): Promise<void> {
    const changes = new Map<string, Uint8Array | null>();
    for (const pair of pairs) {
      const users = userPair(pair);
      if (!users || (await this.lidUserOf(users.pn)) === users.lid) continue;
      changes.set(pnKey(users.pn), Buffer.from(users.lid));
      changes.set(lidKey(users.lid), Buffer.from(users.pn));
      this.misses.delete(users.pn);
    }
    await this.records.write(changes);
  }

  /** The LID of a phone-number JID with its device, from the store alone. */
  async localLid(pn: string): Promise<string | null> {
    if (!isPnUser(pn) && !isHostedPnUser(pn)) return null;
    const decoded = jidDecode(pn);
    const user = decoded && (await this.lidUserOf(decoded.user));
    if (!user) return null;
    return `${user}${deviceSuffix(decoded.device)}@${decoded.server === 'hosted' ? 'hosted.lid' : 'lid'}`;
  }

  async getLIDForPN(pn: string): Promise<string | null> {
    return (await this.getLIDsForPNs([pn]))?.[0]?.lid ?? null;
  }

  async getLIDsForPNs(pns: string[]): Promise<LIDMapping[] | null> {
    const known = new Map<string, string | null>();
    for (const pn of pns) known.set(pn, await this.localLid(pn));
    const missing = pns.filter((pn) => !known.get(pn) && (isPnUser(pn) || isHostedPnUser(pn)));
    if (missing.length > 0) await this.ask(missing);
    for (const pn of missing) known.set(pn, await this.localLid(pn));
    const found = pns.flatMap((pn) => {
      const lid = known.get(pn);
      return lid ? [{ pn, lid }] : [];
    });
    return found.length > 0 ? found : null;
  }

  async getPNForLID(lid: string): Promise<string | null> {
    return (await this.getPNsForLIDs([lid]))?.[0]?.pn ?? null;
  }

  async getPNsForLIDs(lids: string[]): Promise<LIDMapping[] | null> {
    const found: LIDMapping[] = [];
    for (const lid of lids) {
      const decoded = isLidUser(lid) ? jidDecode(lid) : undefined;
      const bytes = decoded && (await this.records.get(lidKey(decoded.user)));
      if (bytes) found.push({ lid, pn: `${text(bytes)}:${decoded.device ?? 0}@s.whatsapp.net` });
    }
    return found.length > 0 ? found : null;
  }

  close(): void {
    this.lookup = undefined;
  }

  private async lidUserOf(pnUser: string): Promise<string | undefined> {
    const bytes = await this.records.get(pnKey(pnUser));
    return bytes && text(bytes);
  }

  /** One question per number at a time; a miss is remembered for a while. */
  private async ask(pns: readonly string[]): Promise<void> {
    const waits: Promise<void>[] = [];
    const fresh: string[] = [];
    for (const pn of new Set(pns.map((jid) => `${jidDecode(jid)?.user ?? ''}@s.whatsapp.net`))) {
      const wait = this.inFlight.get(pn);
      if (wait) waits.push(wait);
      else if ((this.misses.get(pn) ?? 0) <= this.clock.now()) fresh.push(pn);
    }
    if (fresh.length > 0 && this.lookup) waits.push(this.askFresh(fresh, this.lookup));
    await Promise.all(waits);
  }

  private askFresh(pns: string[], lookup: LidLookup): Promise<void> {
    const answer = this.storeAnswer(pns, lookup).finally(() => {
      for (const pn of pns) this.inFlight.delete(pn);
    });
    for (const pn of pns) this.inFlight.set(pn, answer);
    return answer;
  }

  private async storeAnswer(pns: string[], lookup: LidLookup): Promise<void> {
    const pairs = (await lookup(pns)) ?? [];
    const answered = new Set(pairs.map((pair) => jidNormalizedUser(pair.pn)));
    for (const pn of pns) if (!answered.has(pn)) this.misses.set(pn, this.clock.now() + lidMissTtlMs);
    await this.storeLIDPNMappings(pairs);
  }
}

/**
 * Counters that tests and users can trust: for the sandbox in all and per account. Everyone adds; nobody
 * subtracts. Read through `stats()` and `GET /stats`.
 */
export const counterNames = [
  'connections',
  'refusedConnections',
  'handshakes',
  'logins',
  'refusedLogins',
  'pairings',
  'disconnects',
  'messagesIn',
  'messagesOut',
  'messagesAcked',
  'messagesNacked',
  'receiptsIn',
  'receiptsOut',
  'retriesIn',
  'retriesOut',
  'decrypted',
  'decryptFailures',
  'duplicates',
  'redelivered',
  'undeliverable',
  'queueDropped',
  'errorAcks',
  'faults',
  'stanzasIn',
  'stanzasOut',
  'unanswered',
  'groupQueries',
] as const;

export type CounterName = (typeof counterNames)[number];
export type Counts = Record<CounterName, number>;

const zero = (): Counts => Object.fromEntries(counterNames.map((name) => [name, 0])) as Counts;

export class Counters {
  readonly total: Counts = zero();
  readonly #byAccount = new Map<string, Counts>();

  /** Names read from the wire's side: `messagesIn` came from the account, `messagesOut` went to it. */
  add(name: CounterName, phone?: string, amount = 1): void {
    this.total[name] += amount;
    if (phone !== undefined) this.ofAccount(phone)[name] += amount;
  }

  ofAccount(phone: string): Counts {
    const known = this.#byAccount.get(phone);
    if (known) return known;
    const counts = zero();
    this.#byAccount.set(phone, counts);
    return counts;
  }
}

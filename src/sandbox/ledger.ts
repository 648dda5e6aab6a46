/**
 * The ground truth for "nothing lost": what each account was sent and acknowledged, and what it sent.
 * Written by delivery and relay, read by tests and `GET /ledger`. Entries are objects that their owner
 * updates; a settled entry is never changed again.
 */

export type EntryState = 'queued' | 'sent' | 'acked' | 'nacked' | 'dropped' | 'accepted' | 'refused';

export interface LedgerEntry {
  readonly seq: number;
  readonly at: number;
  readonly account: string;
  readonly device: number;
  readonly direction: 'toAccount' | 'fromAccount';
  readonly kind: string;
  readonly id: string;
  readonly peer: string;
  readonly type: string;
  state: EntryState;
  /** Times it was put on the wire. */
  sends: number;
  /** Times the other side acknowledged it. */
  acks: number;
  settledAt: number | null;
  error: string | null;
}

export interface LedgerFilter {
  readonly account?: string | undefined;
  readonly direction?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly id?: string | undefined;
}

type Opening = Omit<LedgerEntry, 'seq' | 'sends' | 'acks' | 'settledAt' | 'error'>;

const isSettled = (entry: LedgerEntry): boolean => entry.state !== 'queued' && entry.state !== 'sent';

function matches(entry: LedgerEntry, filter: LedgerFilter): boolean {
  for (const name of ['account', 'direction', 'kind', 'state', 'id'] as const) {
    if (filter[name] !== undefined && entry[name] !== filter[name]) return false;
  }
  return true;
}

export class Ledger {
  readonly #entriesMax: number;
  #entries: LedgerEntry[] = [];
  #nextSeq = 1;
  /** Settled entries that were forgotten to stay within `ledgerEntriesMax`. */
  forgotten = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  open(opening: Opening): LedgerEntry {
    const entry = { ...opening, seq: this.#nextSeq++, sends: 0, acks: 0, settledAt: null, error: null };
    this.#entries.push(entry);
    if (this.#entries.length > this.#entriesMax) this.#forget();
    return entry;
  }

  #forget(): void {
    const half = Math.floor(this.#entries.length / 2);
    const kept = this.#entries.filter((entry, index) => index >= half || !isSettled(entry));
    this.forgotten += this.#entries.length - kept.length;
    this.#entries = kept;
  }

  find(filter: LedgerFilter = {}): LedgerEntry[] {
    return this.#entries.filter((entry) => matches(entry, filter));
  }
}

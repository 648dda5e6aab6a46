/**
 * Stanzas for one companion device that it has not acknowledged, in order. The offline queue and the
 * redelivery rule are the same thing: what is still here when the device logs in is sent again.
 * One queue per companion; it never sends anything itself.
 */
import type { LedgerEntry } from '../ledger.ts';
import { limits } from '../limits.ts';
import type { Node } from '../wire/node.ts';

export interface QueueEntry {
  readonly node: Node;
  /** Null for what was restored from a state file. */
  readonly record: LedgerEntry | null;
  sends: number;
  /** The device asked for it again: its refusal settles this copy. */
  isRetryAsked?: boolean;
}

/** What an acknowledgement can name: the stanza's kind and id. */
const keyOf = (kind: string, id: string): string => `${kind}:${id}`;

export class DeliveryQueue {
  readonly #entries = new Map<string, QueueEntry[]>();
  /** Insertion order over all keys. */
  readonly #order = new Set<QueueEntry>();

  get size(): number {
    return this.#order.size;
  }

  /** Returns what had to make room, if the queue was full. */
  add(entry: QueueEntry): QueueEntry | null {
    const dropped = this.#order.size >= limits.queueEntriesMax ? this.#oldest() : null;
    if (dropped) this.#remove(dropped);
    const key = keyOf(entry.node.tag, entry.node.attrs['id'] ?? '');
    const same = this.#entries.get(key);
    if (same) same.push(entry);
    else this.#entries.set(key, [entry]);
    this.#order.add(entry);
    return dropped;
  }

  #oldest(): QueueEntry | null {
    for (const entry of this.#order) return entry;
    return null;
  }

  #remove(entry: QueueEntry): void {
    this.#order.delete(entry);
    const key = keyOf(entry.node.tag, entry.node.attrs['id'] ?? '');
    const left = (this.#entries.get(key) ?? []).filter((other) => other !== entry);
    if (left.length > 0) this.#entries.set(key, left);
    else this.#entries.delete(key);
  }

  /** The oldest sent entry of that kind and id; one from `from` is preferred. */
  find(kind: string, id: string, from: string | undefined): QueueEntry | null {
    const sent = (this.#entries.get(keyOf(kind, id)) ?? []).filter((entry) => entry.sends > 0);
    return sent.find((candidate) => candidate.node.attrs['from'] === from) ?? sent[0] ?? null;
  }

  /** Takes out the oldest sent entry of that kind and id; one from `from` is preferred. */
  settle(kind: string, id: string, from: string | undefined): QueueEntry | null {
    const entry = this.find(kind, id, from);
    if (!entry) return null;
    this.#remove(entry);
    return entry;
  }

  all(): QueueEntry[] {
    return [...this.#order];
  }

  clear(): QueueEntry[] {
    const entries = this.all();
    this.#order.clear();
    this.#entries.clear();
    return entries;
  }
}

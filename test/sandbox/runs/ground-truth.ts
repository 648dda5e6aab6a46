/**
 * Holds the sandbox's ledger against what the accounts say they received: the check at the end of a mixed
 * run. Pure: takes data, returns findings.
 */
import type { LedgerEntry } from '../../../src/sandbox/ledger.ts';

export interface GroundTruth {
  /** Messages that were sent to accounts, by id and device. */
  readonly messages: number;
  readonly acknowledged: number;
  readonly waiting: number;
  /** Refused by the device, never acknowledged under the same id and not waiting: lost. */
  readonly lost: readonly string[];
  /** Acknowledged more than once without having been sent more than once. */
  readonly overAcknowledged: readonly string[];
}

/** 487: the device says that it has this message already. */
const isSettledWell = (entry: LedgerEntry): boolean =>
  entry.state === 'acked' || (entry.state === 'nacked' && entry.error === '487');
const isWaiting = (entry: LedgerEntry): boolean => entry.state === 'queued' || entry.state === 'sent';

function byMessage(entries: readonly LedgerEntry[]): Map<string, LedgerEntry[]> {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const key = `${entry.account}:${entry.device}:${entry.peer}:${entry.id}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups;
}

export function groundTruth(entries: readonly LedgerEntry[]): GroundTruth {
  const groups = [...byMessage(entries)];
  const has = (test: (entry: LedgerEntry) => boolean) => groups.filter(([, group]) => group.some(test));
  const acknowledged = has(isSettledWell);
  const settled = new Set(acknowledged.map(([key]) => key));
  const unsettled = groups.filter(([key]) => !settled.has(key));
  const waiting = unsettled.filter(([, group]) => group.some(isWaiting));
  const lost = unsettled.filter(([, group]) => !group.some(isWaiting));
  const over = groups.filter(([, group]) => group.some(({ acks, sends }) => acks > sends));
  return {
    messages: groups.length,
    acknowledged: acknowledged.length,
    waiting: waiting.length,
    lost: lost.map(([key]) => key),
    overAcknowledged: over.map(([key]) => key),
  };
}

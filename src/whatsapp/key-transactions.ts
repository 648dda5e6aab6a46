/**
 * Transactions on Baileys' keys: one at a time per transaction key, reads see the own writes, one atomic
 * commit at the end. They replace the ones that Baileys wraps around `auth.keys`, which lose what a promise
 * started inside writes after the end (the privacy-token index: one more query at every send), and retry a
 * failed commit for half a minute. Signal records never go through here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStore,
  SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import { KeyedLock } from '../keyed-lock.ts';
import type { KeyType } from './key-codec.ts';

interface Transaction {
  readonly owner: object;
  readonly changes: SignalDataSet;
  isOver: boolean;
}

/** One for all sockets of the thread: every storage costs each promise a little. */
const running = new AsyncLocalStorage<Transaction>();

function merge<T extends KeyType>(into: SignalDataSet, type: T, values: SignalDataSet[T]): void {
  into[type] = { ...into[type], ...values } as SignalDataSet[T];
}

async function readThrough<T extends KeyType>(
  keys: SignalKeyStore,
  changes: SignalDataSet,
  type: T,
  ids: string[],
): Promise<{ [id: string]: SignalDataTypeMap[T] }> {
  const changed: { [id: string]: SignalDataTypeMap[T] | null } = changes[type] ?? {};
  const missing = ids.filter((id) => !(id in changed));
  const found = missing.length > 0 ? { ...(await keys.get(type, missing)) } : {};
  for (const id of ids) {
    const value = changed[id];
    if (value !== undefined && value !== null) found[id] = value;
  }
  return found;
}

export function createKeyTransactions(keys: SignalKeyStore): SignalKeyStoreWithTransaction {
  const locks = new KeyedLock();
  const current = (): Transaction | undefined => {
    const transaction = running.getStore();
    return transaction?.owner === locks && !transaction.isOver ? transaction : undefined;
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    const transaction: Transaction = { owner: locks, changes: {}, isOver: false };
    try {
      const result = await running.run(transaction, work);
      transaction.isOver = true;
      await keys.set(transaction.changes);
      return result;
    } finally {
      transaction.isOver = true;
    }
  };
  return {
    get: async (type, ids) => {
      const transaction = current();
      return transaction ? readThrough(keys, transaction.changes, type, ids) : keys.get(type, ids);
    },
    set: async (data) => {
      const transaction = current();
      if (!transaction) return keys.set(data);
      for (const type of Object.keys(data) as KeyType[]) merge(transaction.changes, type, data[type]);
    },
    isInTransaction: () => current() !== undefined,
    transaction: (work, key) => (current() ? work() : locks.run(key, () => run(work))),
  };
}

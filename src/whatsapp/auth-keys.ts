/**
 * Baileys' `auth.keys` over an account's records. Baileys deletes sessions through it, so it takes the same
 * address locks as the repository. Unchanged values are not written again (Baileys rewrites the sender-key
 * memory at every group send). Errors of the store reject; they never read as "not there".
 */
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys';
import type { AccountRecords } from './account-records.ts';
import { decodeKey, encodeKey, type KeyType, recordKey } from './key-codec.ts';

/** Changed under the lock of its own record key; sender keys are the repository's alone. */
const isLocked = (type: KeyType): boolean => type === 'session';

const encodedEntries = (data: SignalDataSet): [KeyType, string, Uint8Array | null][] =>
  (Object.keys(data) as KeyType[]).flatMap((type) => encodedEntriesOf(type, data[type] ?? {}));

function encodedEntriesOf<T extends KeyType>(
  type: T,
  values: { [id: string]: SignalDataTypeMap[T] | null },
): [KeyType, string, Uint8Array | null][] {
  return Object.entries(values).map(([id, value]) => [
    type,
    recordKey(type, id),
    value === null || value === undefined ? null : encodeKey(type, value),
  ]);
}

const isSame = (stored: Uint8Array | undefined, next: Uint8Array | null): boolean =>
  next === null ? stored === undefined : stored !== undefined && Buffer.compare(stored, next) === 0;

async function writeKeys(records: AccountRecords, data: SignalDataSet): Promise<void> {
  const entries = encodedEntries(data);
  const locked = entries.filter(([type]) => isLocked(type)).map(([, key]) => key);
  await records.locks.all(locked, async () => {
    const changes = new Map<string, Uint8Array | null>();
    for (const [, key, value] of entries) {
      if (!isSame(await records.get(key), value)) changes.set(key, value);
    }
    await records.write(changes);
  });
}

async function readKeys<T extends KeyType>(
  records: AccountRecords,
  type: T,
  ids: readonly string[],
): Promise<{ [id: string]: SignalDataTypeMap[T] }> {
  const found: { [id: string]: SignalDataTypeMap[T] } = {};
  for (const id of ids) {
    const bytes = await records.get(recordKey(type, id));
    if (bytes) found[id] = decodeKey(type, bytes);
  }
  return found;
}

/** `guard` is the socket's: it rejects once the socket has ended and ends it when the store fails. */
export function createAuthKeys(
  records: AccountRecords,
  guard: <T>(work: () => Promise<T>) => Promise<T>,
): SignalKeyStore {
  return {
    get: (type, ids) => guard(() => readKeys(records, type, ids)),
    set: (data) => guard(() => writeKeys(records, data)),
  };
}

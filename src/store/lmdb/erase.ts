/**
 * Removal of everything below an instance, in bounded batches with a turn of the event loop between them.
 * A mark written first makes an erasure that a kill interrupted go on at the next start. Called through the
 * store only, by whoever owns the instance: nothing else may write it meanwhile.
 */
import { yieldTurn } from '../../clock.ts';
import {
  type DatabaseName,
  type Environment,
  instanceDatabases,
  type Row,
  refresh,
  sessionDatabases,
  writeRows,
} from './databases.ts';
import { afterKey, afterPrefix, keyOf, readText } from './keys.ts';
import { erasingKey, erasingPrefix, readDeadLetter, readPending } from './layout.ts';
import { below, type Entry, entriesIn, keysIn } from './range.ts';

const rowsPerBatch = 500;

async function erasePrefix(env: Environment, db: DatabaseName, prefix: Uint8Array): Promise<void> {
  for (;;) {
    refresh(env);
    const keys = keysIn(env.db[db], below(prefix, rowsPerBatch));
    if (keys.length === 0) return;
    await writeRows(
      env,
      keys.map((key): Row => ({ db, key, value: null })),
    );
    await yieldTurn();
  }
}

/** The instance's part of the global webhook's lane, which is keyed by the webhook. */
async function eraseFromGlobal(
  env: Environment,
  db: DatabaseName,
  isDoomed: (entry: Entry) => boolean,
): Promise<void> {
  let start: Uint8Array = keyOf('*');
  for (;;) {
    refresh(env);
    const entries = entriesIn(env.db[db], { start, end: afterPrefix(keyOf('*')), limit: rowsPerBatch });
    const last = entries.at(-1);
    if (!last) return;
    const doomed = entries.filter(isDoomed);
    await writeRows(
      env,
      doomed.map(({ key }): Row => ({ db, key, value: null })),
    );
    start = afterKey(last.key);
    await yieldTurn();
  }
}

export async function eraseSession(env: Environment, id: string): Promise<void> {
  for (const db of sessionDatabases) await erasePrefix(env, db, keyOf(id));
}

export async function eraseInstance(env: Environment, id: string): Promise<void> {
  const own = keyOf(id);
  await writeRows(env, [
    { db: 'meta', key: erasingKey(id), value: new Uint8Array(0) },
    { db: 'configs', key: own, value: null },
    { db: 'statuses', key: own, value: null },
  ]);
  await eraseSession(env, id);
  for (const db of instanceDatabases) await erasePrefix(env, db, own);
  await eraseFromGlobal(env, 'pending', ({ key, value }) => readPending(key, value).instance === id);
  await eraseFromGlobal(env, 'deadLetters', ({ value }) => readDeadLetter(value).instance === id);
  await writeRows(env, [{ db: 'meta', key: erasingKey(id), value: null }]);
}

/** Finishes what a kill interrupted. The owner calls it before anything else reads the store. */
export async function resumeErasures(env: Environment): Promise<void> {
  refresh(env);
  const marks = keysIn(env.db.meta, below(erasingPrefix, Number.MAX_SAFE_INTEGER));
  for (const mark of marks) await eraseInstance(env, readText(mark, erasingPrefix.length).text);
}

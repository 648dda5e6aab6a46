/**
 * LMDB's failures as `AppError('store_failed')` with the cause's message. A read that fails must never look
 * like "not there" (a null session would be re-keyed), so every read and write goes through here.
 */
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';

const causeWaitMs = 1_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function storeFailure(what: string, error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('store_failed', `${what}: ${messageOf(error)}`);
}

export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeFailure(`reading ${what}`, error);
  }
}

/** lmdb-js rejects with "see commitError", a promise of the real cause; it is waited for a bounded time. */
function causeOf(error: unknown, clock: Clock): Promise<unknown> {
  const cause = (error as { commitError?: Promise<unknown> } | null)?.commitError;
  if (!cause) return Promise.resolve(error);
  return new Promise((resolve) => {
    const timer = clock.after(causeWaitMs, () => resolve(error));
    const settle = (value: unknown): void => {
      timer.cancel();
      resolve(value ?? error);
    };
    cause.then(settle, settle);
  });
}

/** Few promises, because every message has three commits. */
export function writing<T>(what: string, clock: Clock, write: () => Promise<T>): Promise<T> {
  const failed = async (error: unknown): Promise<never> => {
    throw storeFailure(what, await causeOf(error, clock));
  };
  try {
    return write().catch(failed);
  } catch (error) {
    return failed(error);
  }
}

const isOfLmdb = (error: unknown): boolean =>
  error instanceof Error && ('commitError' in error || /[\\/]lmdb[\\/]write\.js/.test(error.stack ?? ''));

let isListening = false;

/**
 * A commit that fails (disk full) also rejects promises that lmdb-js keeps to itself, and nobody can handle
 * those: they must not end the process. The commit's own promise has told its caller. Every other stray
 * rejection stays what it was, fatal unless the thread listens for it. Once a thread.
 */
export function ignoreStrayCommitFailures(): void {
  if (isListening) return;
  isListening = true;
  process.on('unhandledRejection', (error) => {
    if (isOfLmdb(error) || process.listenerCount('unhandledRejection') > 1) return;
    throw error;
  });
}

/**
 * Refuses writes before the disk is full: LMDB's native code does not survive a commit that finds no room (a
 * run of them corrupted the heap and aborted the process), so none may get that far. Looks at the free room
 * of the folder's file system, at most once in a short while, from inside `commit`. Never writes anything.
 */
import { statfsSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import type { StoreWrite } from '../ports.ts';

/** How old a look may be. It costs about 10 us, a commit some 300. */
const lookPeriodMs = 20;
const retryAfterMs = 5_000;

/** Writes that free more than they take: they go on within the reserve, down to a quarter of it. */
const isRelief = (write: StoreWrite): boolean => {
  if (write.to === 'delivered' || write.to === 'deadLetterGone' || write.to === 'instanceStatus') return true;
  return 'value' in write && write.value === null;
};

export class DiskGuard {
  readonly #dir: string;
  readonly #reserveBytes: number;
  readonly #clock: Clock;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #freeBytes = Number.MAX_SAFE_INTEGER;

  constructor(dir: string, reserveBytes: number, clock: Clock) {
    this.#dir = dir;
    this.#reserveBytes = reserveBytes;
    this.#clock = clock;
  }

  /** Throws `store_failed` with the numbers where there is no room for these writes. */
  admit(writes: readonly StoreWrite[]): void {
    this.#look();
    if (this.#freeBytes >= this.#reserveBytes) return;
    if (this.#freeBytes >= this.#reserveBytes / 4 && writes.every(isRelief)) return;
    const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
    throw new AppError(
      'store_failed',
      `The disk of DATA_DIR has ${megabytes(this.#freeBytes)} MB left, DISK_RESERVE_MB is ${megabytes(this.#reserveBytes)}: nothing is written until there is room.`,
      { retryAfterMs },
    );
  }

  #look(): void {
    const now = this.#clock.elapsed();
    if (now - this.#lookedAtMs < lookPeriodMs) return;
    this.#lookedAtMs = now;
    const { bavail, bsize } = statfsSync(this.#dir);
    this.#freeBytes = bavail * bsize;
  }
}

/**
 * Waits for a shard's answer in short parts, because a stop drains the shard's mailbox: one caller who waits a
 * minute for a QR would otherwise hold the stop of the whole process up. Used by the commands.
 */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { waitPartMs } from '../limits.ts';

export interface PartlyWaiting<T> {
  readonly waitMs: number;
  readonly clock: Clock;
  /** Rejects with `timeout` or `qr_not_ready` when nothing came within `partMs`. */
  ask(partMs: number): Promise<T>;
  isDraining(): boolean;
}

const isLate = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'timeout' || error.code === 'qr_not_ready');

/** The first answer; the last rejection when none came in all; `draining` as soon as the gateway stops. */
export async function inParts<T>({ waitMs, clock, ask, isDraining }: PartlyWaiting<T>): Promise<T> {
  const until = clock.elapsed() + waitMs;
  for (;;) {
    const leftMs = Math.max(0, until - clock.elapsed());
    try {
      return await ask(Math.min(waitPartMs, Math.ceil(leftMs)));
    } catch (error) {
      if (!isLate(error) || leftMs <= waitPartMs) throw error;
      if (isDraining()) throw new AppError('draining', 'the gateway is stopping');
    }
  }
}

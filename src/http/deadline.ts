/** The answer deadline (DECISIONS 18): what takes longer is answered with 504; the work itself goes on. */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';

/** `extra` is read when the time is up, for example the id of the message that is still on its way. */
export function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  extra: () => Readonly<Record<string, unknown>>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      reject(new AppError('timeout', `no answer within ${limitMs} ms`, { extra: extra() }));
    });
    const settle =
      <V>(pass: (value: V) => void) =>
      (value: V): void => {
        timer.cancel();
        pass(value);
      };
    work.then(settle(resolve), settle(reject));
  });
}

/** The QR code that an instance shows now, and who waits for the next one. */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { QrShown } from '../protocol/instance.ts';

interface Waiting {
  resolve(shown: QrShown): void;
  reject(error: Error): void;
}

export class QrBoard {
  #clock: Clock;
  #shown: QrShown | null = null;
  #waiting = new Set<Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  show(shown: QrShown): void {
    this.#shown = shown;
    for (const one of [...this.#waiting]) one.resolve(shown);
  }

  clear(): void {
    this.#shown = null;
  }

  /** Those who wait learn that there will be none. */
  fail(error: Error): void {
    this.#shown = null;
    for (const one of [...this.#waiting]) one.reject(error);
  }

  /** The current code, or the next one within `waitMs`; rejects `qr_not_ready`. */
  next(waitMs: number): Promise<QrShown> {
    if (this.#shown && this.#shown.expiresAt > this.#clock.now()) return Promise.resolve(this.#shown);
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel();
        this.#waiting.delete(one);
        settle();
      };
      const one: Waiting = {
        resolve: (shown) => finish(() => resolve(shown)),
        reject: (error) => finish(() => reject(error)),
      };
      const late = new AppError('qr_not_ready', `WhatsApp gave no QR code within ${waitMs} ms.`);
      const timer = this.#clock.after(waitMs, () => one.reject(late));
      this.#waiting.add(one);
    });
  }
}

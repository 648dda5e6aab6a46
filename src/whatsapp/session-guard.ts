/**
 * The fence around one socket's work on its account: counts what is in flight, refuses new work once the
 * socket has ended, and ends the socket before anybody can answer WhatsApp when the store fails (a failed
 * commit would look like an undecryptable message). Never lets an old socket touch a session.
 */
import { AppError } from '../errors.ts';

export class SessionGuard {
  private readonly onStoreFailure: (error: AppError) => void;
  private readonly onIdle: (() => void)[] = [];
  private inFlight = 0;
  private isOver = false;

  constructor(onStoreFailure: (error: AppError) => void) {
    this.onStoreFailure = onStoreFailure;
  }

  get isEnded(): boolean {
    return this.isOver;
  }

  /** A store error ends the socket; anything else is the caller's. */
  readonly storeFailed = (error: unknown): void => {
    if (error instanceof AppError && error.code === 'store_failed') this.onStoreFailure(error);
  };

  readonly guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (this.isOver) throw new AppError('actor_restarted', 'the socket has ended');
    this.inFlight += 1;
    try {
      return await work();
    } catch (error) {
      this.storeFailed(error);
      throw error;
    } finally {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.wake();
    }
  };

  /** No new work from here on. */
  end(): void {
    this.isOver = true;
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.onIdle.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.onIdle.splice(0)) resolve();
  }
}

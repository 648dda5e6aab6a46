/** Who waits for a message to reach a state, each with a deadline. A deadline never cancels the message. */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { MessageStatus, MessageView } from '../protocol/message.ts';
import { hasReached } from './message-statuses.ts';

interface Waiter {
  readonly target: MessageStatus;
  resolve(view: MessageView): void;
  reject(error: Error): void;
}

const late = (messageId: string, target: MessageStatus, timeoutMs: number): AppError =>
  new AppError('timeout', `The message was not ${target} within ${timeoutMs} ms; it stays queued.`, {
    extra: { messageId },
  });

export class Waiters {
  #clock: Clock;
  #waiting = new Map<string, Set<Waiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wait(id: string, target: MessageStatus, timeoutMs: number): Promise<MessageView> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel();
        this.#remove(id, waiter);
        settle();
      };
      const waiter: Waiter = {
        target,
        resolve: (view) => finish(() => resolve(view)),
        reject: (error) => finish(() => reject(error)),
      };
      const timer = this.#clock.after(timeoutMs, () => waiter.reject(late(id, target, timeoutMs)));
      const others = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, others.add(waiter));
    });
  }

  #remove(id: string, waiter: Waiter): void {
    const others = this.#waiting.get(id);
    others?.delete(waiter);
    if (others?.size === 0) this.#waiting.delete(id);
  }

  reached(view: MessageView): void {
    for (const waiter of [...(this.#waiting.get(view.id) ?? [])])
      if (hasReached(view.status, waiter.target)) waiter.resolve(view);
  }

  fail(id: string, error: Error): void {
    for (const waiter of [...(this.#waiting.get(id) ?? [])]) waiter.reject(error);
  }

  failAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.fail(id, error);
  }
}

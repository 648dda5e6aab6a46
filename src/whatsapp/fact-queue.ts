/**
 * Facts of one socket in the order in which their causes came, though some need a look-up first. Nothing
 * follows `Closed`. Made by `connect.ts`; never re-enters `onFact`.
 */
import { detach } from '../detach.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Awaitable } from '../store/ports.ts';
import type { WaFact } from './wa-socket.ts';

export class FactQueue {
  private readonly onFact: (fact: WaFact) => void;
  private readonly onError: (error: unknown) => void;
  private tail: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(onFact: (fact: WaFact) => void, onError: (error: unknown) => void) {
    this.onFact = onFact;
    this.onError = onError;
  }

  push(fact: WaFact): void {
    this.later(() => fact);
  }

  /** `find` may look something up; undefined tells nothing. */
  later(find: () => Awaitable<WaFact | undefined>): void {
    this.tail = this.tail.then(async () => {
      try {
        const fact = this.isClosed ? undefined : await find();
        if (fact) this.tell(fact);
      } catch (error) {
        this.onError(error);
      }
    });
    detach(this.tail, this.onError);
  }

  /** As `later`, for events; an empty list tells nothing. */
  raise(find: () => Awaitable<readonly NewEvent[]>): void {
    this.later(async () => {
      const events = await find();
      return events.length > 0 ? { kind: 'EventsRaised', events, writes: [] } : undefined;
    });
  }

  settled(): Promise<void> {
    return this.tail;
  }

  private tell(fact: WaFact): void {
    if (fact.kind === 'Closed') this.isClosed = true;
    this.onFact(fact);
  }
}

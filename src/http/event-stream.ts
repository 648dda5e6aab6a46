/**
 * What the live event routes need from the gateway: events as they become durable, and the event log to
 * resume from. The composition root implements it. Listeners run on the event path: they must not block.
 */
import type { EventRecord } from '../protocol/events.ts';

export interface EventStream {
  /** Calls `listener` with every new event; the answer ends the subscription (idempotent). */
  subscribe(listener: (event: EventRecord) => void): () => void;
  /**
   * Resolves when every source of events has heard that somebody listens: what became durable before is in
   * the log by then, what comes later reaches the listeners. A stream that resumes waits for it.
   */
  settled?(): Promise<void>;
  /** Events after a sequence, oldest first, of one instance or of all (null); empty at the end of the log. */
  since(instance: string | null, afterSeq: number, limit: number): Promise<readonly EventRecord[]>;
}

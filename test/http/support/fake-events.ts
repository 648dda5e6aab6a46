/** An event log in memory with live subscribers. */
import type { EventStream } from '../../../src/http/event-stream.ts';
import type { EventRecord, EventType } from '../../../src/protocol/events.ts';
import { fixedNow } from './fake-commands.ts';

export class FakeEvents implements EventStream {
  readonly log: EventRecord[] = [];
  readonly #listeners = new Set<(event: EventRecord) => void>();
  /** Runs before a page of the log is answered. */
  beforePage: () => Promise<void> = async () => {};

  get listeners(): number {
    return this.#listeners.size;
  }

  subscribe(listener: (event: EventRecord) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async since(instance: string | null, afterSeq: number, limit: number) {
    await this.beforePage();
    const later = this.log.filter((event) => event.seq > afterSeq);
    return later.filter((event) => instance === null || event.instance === instance).slice(0, limit);
  }

  settled: () => Promise<void> = async () => {};

  emit(seq: number, instance: string, type: EventType, data: unknown = {}): void {
    this.tell(this.emitUntold(seq, instance, type, data));
  }

  /** Becomes durable, but listeners do not hear of it. */
  emitUntold(seq: number, instance: string, type: EventType, data: unknown = {}): EventRecord {
    const at = fixedNow;
    const body = JSON.stringify({ id: `event-${seq}`, type, instance, at: new Date(at).toISOString(), data });
    const event = {
      seq,
      id: `event-${seq}`,
      type,
      instance,
      chat: null,
      at,
      body: new TextEncoder().encode(body),
    };
    this.log.push(event);
    return event;
  }

  tell(event: EventRecord): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/**
 * Live events on the main thread, for streams: asks the shards to tell their events only while somebody
 * listens, and reads the event log for those who resume. It holds no event itself.
 */
import type { EventRecord } from '../protocol/events.ts';
import type { Store } from '../store/ports.ts';

type Listener = (event: EventRecord) => void;

export class EventFeed {
  #store: Store;
  #listeners = new Set<Listener>();
  #onWatched: (isWatched: boolean) => Promise<void>;
  #settled: Promise<void> = Promise.resolve();

  /** `onWatched` hears when the first listener comes and when the last one goes; resolves when all shards know. */
  constructor(store: Store, onWatched: (isWatched: boolean) => Promise<void>) {
    this.#store = store;
    this.#onWatched = onWatched;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#settled = this.#onWatched(true);
    return () => {
      if (this.#listeners.delete(listener) && !this.isWatched) this.#settled = this.#onWatched(false);
    };
  }

  /** Resolves when every shard tells its events, so that none falls between the log and the stream. */
  settled(): Promise<void> {
    return this.#settled;
  }

  async since(instance: string | null, afterSeq: number, limit: number): Promise<readonly EventRecord[]> {
    return this.#store.outbox.events(instance, afterSeq, limit);
  }

  made(events: readonly EventRecord[]): void {
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}

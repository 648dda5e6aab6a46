/**
 * Writes what became of deliveries: removals from the outbox and dead letters, gathered for some milliseconds
 * into one commit (what a kill finds ungathered is delivered again). A failing store is tried again until it
 * takes them; nothing is posted twice meanwhile, because the entries stay known until `onDurable`.
 */
import { type Clock, pause, type Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import type { Store, StoreWrite } from '../store/ports.ts';
import { commitRetryMs, settleBatchMax, settleGatherMs } from './limits.ts';

interface Settlement {
  readonly writes: readonly StoreWrite[];
  readonly onDurable: () => void;
}

export class Settlements {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #queue: Settlement[] = [];
  #running: Promise<void> | null = null;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(store: Store, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  get depth(): number {
    return this.#queue.length;
  }

  add(writes: readonly StoreWrite[], onDurable: () => void): void {
    this.#queue.push({ writes, onDurable });
    if (this.#running) return;
    if (this.#queue.length >= settleBatchMax) this.#flush();
    else this.#timer ??= this.#clock.after(settleGatherMs, () => this.#flush());
  }

  /** Writes at once; resolves when nothing is left to write. */
  async idle(): Promise<void> {
    this.#flush();
    await this.#running;
  }

  /** Gives up what a failing store has not taken; it is delivered again after the next start. */
  stop(): void {
    this.#isStopped = true;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#running || this.#queue.length === 0) return;
    this.#running = this.#run();
    detach(this.#running, (error) => this.#log.error(errorFields(error), 'settling failed'));
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      if (!(await this.#write(batch))) break;
      for (const { onDurable } of batch) onDurable();
    }
    this.#running = null;
  }

  /** False: the store failed and we were stopped. */
  async #write(batch: readonly Settlement[]): Promise<boolean> {
    const writes = batch.flatMap((settlement) => settlement.writes);
    for (;;) {
      try {
        await this.#store.commit(writes);
        return true;
      } catch (error) {
        this.#log.error({ ...errorFields(error), writes: writes.length }, 'the outbox could not be written');
        if (this.#isStopped) return false;
        await pause(this.#clock, commitRetryMs);
      }
    }
  }
}

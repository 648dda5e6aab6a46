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
  #hasGivenUp = false;

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
    this.#gather();
  }

  /** Writes at once; resolves when nothing is left to write, or a failing store was given up. */
  async idle(): Promise<void> {
    while (this.#running || (this.#queue.length > 0 && !this.#hasGivenUp)) {
      this.#flush();
      await this.#running;
    }
  }

  /** Gives up what a failing store has not taken; it is delivered again after the next start. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Also after a commit: writing on at once would make a commit, which is dear, of every few removals. */
  #gather(): void {
    if (this.#running || this.#queue.length === 0) return;
    if (this.#queue.length >= settleBatchMax) this.#flush();
    else this.#timer ??= this.#clock.after(settleGatherMs, () => this.#flush());
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#running || this.#queue.length === 0) return;
    this.#running = this.#run();
    detach(this.#running, (error) => this.#log.error(errorFields(error), 'settling failed'));
  }

  async #run(): Promise<void> {
    const batch = this.#queue;
    this.#queue = [];
    const isWritten = await this.#write(batch);
    this.#running = null;
    this.#hasGivenUp = !isWritten;
    if (!isWritten) return;
    for (const { onDurable } of batch) onDurable();
    this.#gather();
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

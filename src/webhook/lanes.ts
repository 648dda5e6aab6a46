/**
 * All lanes by webhook id, and their refilling from the outbox: page after page, and again from the beginning
 * whenever something may have been passed over (threads do not commit in the order of sequences). Called by
 * the intake, the courier and the actor.
 */
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { errorFields, type Log } from '../log.ts';
import type { WebhookConfig } from '../protocol/instance.ts';
import type { Store } from '../store/ports.ts';
import { makeSeq } from '../store/sequence.ts';
import { type Budget, Lane } from './lane.ts';
import { laneWindowMax } from './limits.ts';
import type { Schedule } from './schedule.ts';
import { targetOf } from './target.ts';

const purgeBatchMax = 500;

export class Lanes {
  readonly budget: Budget = { entries: 0, bodyBytes: 0 };
  readonly #store: Store;
  readonly #log: Log;
  readonly #schedule: Schedule;
  readonly #onReady: () => void;
  readonly #lanes = new Map<string, Lane>();

  constructor(store: Store, log: Log, schedule: Schedule, onReady: () => void) {
    this.#store = store;
    this.#log = log;
    this.#schedule = schedule;
    this.#onReady = onReady;
  }

  get(id: string): Lane | undefined {
    return this.#lanes.get(id);
  }

  all(): Iterable<Lane> {
    return this.#lanes.values();
  }

  /** The lane of an event's webhook; one without a configuration yet waits for it. */
  open(id: string): Lane {
    const found = this.#lanes.get(id);
    if (found) return found;
    const lane = new Lane(id, this.budget);
    this.#lanes.set(id, lane);
    return lane;
  }

  configured(id: string): Lane {
    const lane = this.#lanes.get(id);
    if (!lane?.config) throw new AppError('webhook_not_set', `no webhook is set for ${id}`);
    return lane;
  }

  configure(id: string, config: WebhookConfig): Lane {
    const lane = this.open(id);
    const wasOrdered = lane.config?.ordered ?? true;
    this.#schedule.dequeue(lane);
    lane.config = config;
    lane.target = config.enabled ? targetOf(config) : null;
    lane.heldUntilMs = 0;
    if (wasOrdered !== config.ordered) lane.regroup();
    lane.hurry();
    this.queue(lane);
    if (lane.hasReady) this.#onReady();
    return lane;
  }

  /** Forgets the lane and removes what is pending for it up to now: it may be set again meanwhile. */
  async remove(id: string, nowMs: number): Promise<void> {
    const lane = this.#lanes.get(id);
    if (lane) {
      this.#schedule.dequeue(lane);
      lane.config = null;
      lane.target = null;
      lane.clear();
      this.#lanes.delete(id);
    }
    const end = makeSeq(nowMs + 1, 0, 0);
    for (;;) {
      const page = await this.#store.outbox.pending(id, 0, purgeBatchMax);
      const old = page.filter(({ seq }) => seq < end);
      if (old.length === 0) return;
      await this.#store.commit(old.map(({ seq }) => ({ to: 'delivered', webhook: id, seq })));
    }
  }

  /** Into the rotation if it has something ready, and a page if it has room for one. */
  queue(lane: Lane): void {
    this.refill(lane);
    this.#schedule.enqueue(lane);
  }

  /** The origin is back: what waits for another try goes now, within the schedule's bounds. */
  hurry(origin: string): void {
    for (const lane of this.#lanes.values()) {
      if (lane.target?.origin !== origin) continue;
      lane.hurry();
      this.queue(lane);
    }
  }

  /** The outbox may hold what no ring brought. */
  suspect(lane: Lane): void {
    lane.pageFromStart();
    this.refill(lane);
  }

  refill(lane: Lane): void {
    const isDue = lane.hasMore && !lane.isPaging && lane.target !== null && lane.room > 0;
    // Half a window at a time; small pages only where there is nothing else to do.
    const isWorth = lane.open === 0 || (lane.open <= laneWindowMax / 2 && lane.room >= laneWindowMax / 4);
    if (!isDue || !isWorth) return;
    detach(this.#page(lane), (error) => this.#log.error(errorFields(error), 'a page could not be read'));
  }

  async #page(lane: Lane): Promise<void> {
    lane.isPaging = true;
    // From here on a ring record that cannot be admitted asks for another page.
    lane.hasMore = false;
    try {
      const from = lane.takePageStart();
      const limit = from === 0 ? lane.known + lane.room : lane.room;
      const page = await this.#store.outbox.pending(lane.id, from, limit);
      if (this.#lanes.get(lane.id) !== lane) return;
      lane.admit(page);
      if (page.length === limit) lane.hasMore = true;
    } catch (error) {
      lane.hasMore = true;
      throw error;
    } finally {
      lane.isPaging = false;
    }
    this.#schedule.enqueue(lane);
    if (lane.hasReady) this.#onReady();
    this.refill(lane);
  }
}

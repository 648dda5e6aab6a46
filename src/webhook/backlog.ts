/**
 * How many events are undelivered, per lane and per instance. Counted as they come and go, corrected from
 * the outbox at start and after rings overflowed. The main thread hears of an instance when its count enters
 * another step, at most once a period, so that it can hold an instance back (DECISIONS 13).
 */
import type { Clock, Timer } from '../clock.ts';
import { yieldTurn } from '../clock.ts';
import { globalWebhookId } from '../protocol/instance.ts';
import type { WebhookFact } from '../protocol/webhook.ts';
import type { Store } from '../store/ports.ts';
import type { Lane } from './lane.ts';
import { backlogPeriodMs, backlogStepMax, recountPageMax } from './limits.ts';

export class Backlog {
  readonly #clock: Clock;
  readonly #tell: (fact: WebhookFact) => void;
  readonly #step: number;
  readonly #counts = new Map<string, number>();
  /** The step that was last told, where it is not 0. */
  readonly #told = new Map<string, number>();
  readonly #changed = new Set<string>();
  #timer: Timer | null = null;

  /** `limit`: undelivered events at which an instance is held back; it is told in steps of a hundredth. */
  constructor(clock: Clock, tell: (fact: WebhookFact) => void, limit: number) {
    this.#step = Math.min(backlogStepMax, Math.max(1, Math.floor(limit / 100)));
    this.#clock = clock;
    this.#tell = tell;
  }

  add(lane: Lane, instance: string, by: number): void {
    lane.pending = Math.max(0, lane.pending + by);
    this.#set(instance, (this.#counts.get(instance) ?? 0) + by);
  }

  count(instance: string): number {
    return this.#counts.get(instance) ?? 0;
  }

  /** Reads the truth of every lane; a bounded page at a time. */
  async recount(store: Store, lanes: Iterable<Lane>): Promise<void> {
    const counts = new Map<string, number>();
    for (const lane of [...lanes]) {
      if (lane.id !== globalWebhookId) {
        lane.pending = await store.outbox.pendingCount(lane.id);
        if (lane.pending > 0) counts.set(lane.id, (counts.get(lane.id) ?? 0) + lane.pending);
        continue;
      }
      lane.pending = await countByInstance(store, lane.id, counts);
    }
    for (const instance of new Set([...this.#counts.keys(), ...counts.keys()]))
      this.#set(instance, counts.get(instance) ?? 0);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #set(instance: string, count: number): void {
    if (count > 0) this.#counts.set(instance, count);
    else this.#counts.delete(instance);
    const step = Math.floor(Math.max(0, count) / this.#step);
    if (step === (this.#told.get(instance) ?? 0)) return;
    this.#changed.add(instance);
    this.#timer ??= this.#clock.after(backlogPeriodMs, () => this.#report());
  }

  #report(): void {
    this.#timer = null;
    for (const instance of this.#changed) {
      const pending = this.count(instance);
      const step = Math.floor(pending / this.#step);
      if (step === (this.#told.get(instance) ?? 0)) continue;
      if (step === 0) this.#told.delete(instance);
      else this.#told.set(instance, step);
      this.#tell({ kind: 'BacklogChanged', instance, pending });
    }
    this.#changed.clear();
  }
}

async function countByInstance(store: Store, webhook: string, counts: Map<string, number>): Promise<number> {
  let after = 0;
  let total = 0;
  for (;;) {
    const page = await store.outbox.pending(webhook, after, recountPageMax);
    for (const { instance } of page) counts.set(instance, (counts.get(instance) ?? 0) + 1);
    total += page.length;
    const last = page.at(-1);
    if (!last || page.length < recountPageMax) return total;
    after = last.seq;
    await yieldTurn();
  }
}

/**
 * Takes turns from the schedule, posts, and acts on the outcome: settle, try again, or dead letter. Keeps
 * as many deliveries in flight as the schedule allows. It never throws into the event loop: what cannot be
 * posted now is posted later.
 */
import type { Clock, Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import type { EventRecord } from '../protocol/events.ts';
import type { DeliveryStatus, DeliveryView } from '../protocol/webhook.ts';
import type { Awaitable, Store, StoreWrite } from '../store/ports.ts';
import type { Backlog } from './backlog.ts';
import type { Entry, Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { retryDelayMsMin } from './limits.ts';
import { isOutage, type Outcome, type Ruling, rule, signOf } from './policy.ts';
import type { Poster } from './poster.ts';
import type { Schedule, Turn } from './schedule.ts';
import type { Settlements } from './settlements.ts';
import type { Target } from './target.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

export interface CourierParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly schedule: Schedule;
  readonly lanes: Lanes;
  readonly poster: Poster;
  readonly settlements: Settlements;
  /** Dead letters apart: on a full disk they wait, while removals, which free room, go on. */
  readonly burials: Settlements;
  readonly backlog: Backlog;
  readonly metrics: WebhookMetrics;
  readonly attemptsMax: number;
  /** A delivery broke off, and with it what is known of its lane: the actor must not go on. */
  readonly onBroken: (error: unknown) => void;
}

/** What came of one POST, and when it began. */
interface Post {
  readonly outcome: Outcome;
  readonly startedAt: number;
}

export class Courier {
  readonly #parts: CourierParts;
  #isStopped = false;
  #isPumping = false;
  #openingTimer: Timer | null = null;
  #openingAt = 0;
  readonly #idle = Promise.withResolvers<void>();

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** Starts every delivery that may start now. What ends at once starts the next by the same loop. */
  pump(): void {
    if (this.#isStopped || this.#isPumping) return;
    const { schedule, clock, onBroken } = this.#parts;
    this.#isPumping = true;
    try {
      // One reading for both: a breaker whose time came between two would be neither passed nor waited for.
      let nowMs = clock.now();
      for (let turn = schedule.next(nowMs); turn; turn = schedule.next(nowMs)) {
        this.#deliver(turn);
        nowMs = clock.now();
      }
      this.#awaitOpening(nowMs);
    } catch (error) {
      onBroken(error);
    } finally {
      this.#isPumping = false;
    }
  }

  /** Starts nothing more; resolves when what is under way has ended. */
  async drain(): Promise<void> {
    this.#isStopped = true;
    this.#openingTimer?.cancel();
    if (this.#parts.schedule.inFlight > 0) await this.#idle.promise;
  }

  /** Breakers that nobody's end will open wake us by the clock. */
  #awaitOpening(nowMs: number): void {
    const at = this.#parts.schedule.nextOpening();
    if (at === null || at <= nowMs) return;
    if (this.#openingTimer && this.#openingAt <= at && this.#openingAt > nowMs) return;
    this.#openingTimer?.cancel();
    this.#openingAt = at;
    this.#openingTimer = this.#parts.clock.after(at - nowMs + 1, () => {
      this.#openingTimer = null;
      this.pump();
    });
  }

  /** No promise where nothing is waited for: this runs for every event. */
  #deliver(turn: Turn): void {
    const { entry } = turn;
    const event = entry.event ?? this.#read(entry);
    if (!(event instanceof Promise)) {
      this.#post(turn, event);
      return;
    }
    const read = event.then((found) => {
      this.#post(turn, found);
      this.pump();
    });
    detach(read, this.#parts.onBroken);
  }

  /** Null: it is nowhere any more. Undefined: it could not be read now. */
  #read(entry: Entry): Awaitable<EventRecord | null | undefined> {
    const { store, log } = this.#parts;
    const { instance, seq } = entry;
    const found = (event: EventRecord | undefined): EventRecord | null => {
      if (!event) log.warn({ instance, seq }, 'a pending event has no record');
      return event ?? null;
    };
    const failed = (error: unknown): undefined => {
      log.error(errorFields(error), 'an event could not be read');
    };
    try {
      const event = store.outbox.event(instance, seq);
      return event instanceof Promise ? event.then(found, failed) : found(event);
    } catch (error) {
      return failed(error);
    }
  }

  #post(turn: Turn, event: EventRecord | null | undefined): void {
    const { lane } = turn;
    const { target } = lane;
    if (!event || !target || this.#isHeld(lane)) {
      this.#putBack(turn, event === null);
      return;
    }
    const { clock, poster, onBroken } = this.#parts;
    const startedAt = clock.now();
    const posted = poster.post(target, event.id, event.body, false);
    const concluded = posted.then((outcome) => this.#conclude(turn, event, target, { outcome, startedAt }));
    detach(concluded, onBroken);
  }

  /** No POST was made. */
  #putBack(turn: Turn, isGone: boolean): void {
    const { lane, entry } = turn;
    const { schedule, clock } = this.#parts;
    schedule.ended(turn, null, clock.now(), 0);
    if (isGone) this.#settle(lane, entry, []);
    else this.#postpone(lane, entry, Math.max(retryDelayMsMin, lane.heldUntilMs - clock.now()));
    this.#resolveIdle();
  }

  #isHeld(lane: Lane): boolean {
    return lane.heldUntilMs > this.#parts.clock.now();
  }

  #conclude(turn: Turn, event: EventRecord, target: Target, { outcome, startedAt }: Post): void {
    const { lane, entry } = turn;
    const { schedule, clock, lanes } = this.#parts;
    const isBack = schedule.ended(turn, signOf(outcome), clock.now(), clock.random());
    if (lane.isKnown(entry)) this.#actOn(turn, event, { outcome, startedAt });
    if (isBack) lanes.hurry(target.origin);
    this.#resolveIdle();
    this.pump();
  }

  #actOn({ lane, entry, isProbe }: Turn, event: EventRecord, { outcome, startedAt }: Post): void {
    const { clock, metrics, attemptsMax } = this.#parts;
    const nowMs = clock.now();
    entry.attempts += 1;
    if (!(isProbe && isOutage(outcome))) entry.charged += 1;
    const tries = { charged: entry.charged, attemptsMax, at: entry.at, nowMs, random: clock.random() };
    const ruling = rule(outcome, tries);
    const view = viewOf(event, entry, outcome, ruling, startedAt);
    lane.log.add(view);
    metrics.attempted(lane.id, view.result, outcome.tookMs);
    if (ruling.kind === 'delivered') metrics.delivered(lane.id, nowMs - entry.at);
    if (ruling.kind === 'retry') this.#retry(lane, entry, outcome, ruling.inMs);
    else
      this.#settle(lane, entry, ruling.kind === 'dead' ? [deadLetter(lane, view, entry, ruling.reason)] : []);
  }

  /** A 429 or 503 with `Retry-After` speaks for the endpoint, so its whole lane waits. */
  #retry(lane: Lane, entry: Entry, outcome: Outcome, inMs: number): void {
    if (outcome.retryAfter !== null) lane.heldUntilMs = this.#parts.clock.now() + inMs;
    this.#postpone(lane, entry, inMs);
  }

  #postpone(lane: Lane, entry: Entry, inMs: number): void {
    const { clock, lanes, schedule } = this.#parts;
    const timer = clock.after(inMs, () => {
      lane.makeReady(entry);
      schedule.enqueue(lane);
      this.pump();
    });
    lane.retry(entry, timer);
    lane.shed(entry);
    lanes.queue(lane);
  }

  #settle(lane: Lane, entry: Entry, more: readonly StoreWrite[]): void {
    const { settlements, burials, lanes, backlog } = this.#parts;
    lane.finish(entry);
    lanes.queue(lane);
    const gone: StoreWrite = { to: 'delivered', webhook: lane.id, seq: entry.seq };
    const written = more.length === 0 ? settlements : burials;
    written.add([gone, ...more], () => {
      if (!lane.isKnown(entry)) return;
      lane.forget(entry.seq);
      backlog.add(lane, entry.instance, -1);
      lanes.refill(lane);
    });
  }

  #resolveIdle(): void {
    if (this.#isStopped && this.#parts.schedule.inFlight === 0) this.#idle.resolve();
  }
}

const statusOf = { delivered: 'delivered', retry: 'retrying', dead: 'dead' } as const satisfies Record<
  Ruling['kind'],
  DeliveryStatus
>;

function viewOf(
  event: EventRecord,
  entry: Entry,
  outcome: Outcome,
  ruling: Ruling,
  startedAt: number,
): DeliveryView {
  return {
    eventId: event.id,
    type: event.type,
    instance: event.instance,
    attempt: entry.attempts,
    at: startedAt,
    tookMs: Math.round(outcome.tookMs),
    httpStatus: outcome.httpStatus,
    result: statusOf[ruling.kind],
    error: ruling.kind === 'dead' ? ruling.reason : outcome.error,
    nextAt: ruling.kind === 'retry' ? startedAt + Math.round(outcome.tookMs) + ruling.inMs : null,
  };
}

function deadLetter(lane: Lane, view: DeliveryView, entry: Entry, reason: string): StoreWrite {
  const { eventId, type, instance, httpStatus } = view;
  const { seq, at, attempts } = entry;
  const deadAt = view.at + view.tookMs;
  const letter = { webhook: lane.id, seq, instance, eventId, type, at, deadAt, attempts, httpStatus };
  return { to: 'deadLetter', letter: { ...letter, error: reason } };
}

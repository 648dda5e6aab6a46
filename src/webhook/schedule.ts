/**
 * Whose turn it is: origins in rotation, within each its lanes in rotation, within each lane its ready
 * chats. Bounds deliveries in flight in all and per origin; an origin that fails, or has not yet answered,
 * gets few. Pure of timers and network: the courier asks `next` and reports `started` ends with `ended`.
 */
import { afterResult, afterStart, type Breaker, closedBreaker, mayPass } from './breaker.ts';
import type { Entry, Lane } from './lane.ts';
import {
  freeShareMax,
  originCapStart,
  originShareMax,
  originsMax,
  outageMsMin,
  probeShareMax,
  reserveShare,
  suspectShareMax,
} from './limits.ts';
import type { OriginSign } from './policy.ts';

export interface Origin {
  readonly name: string;
  breaker: Breaker;
  inFlight: number;
  /** Deliveries at once that it gets: up by one with a success, halved by a failure. */
  cap: number;
  /** It has answered since it last failed. */
  isProven: boolean;
  readonly lanes: Lane[];
  isQueued: boolean;
}

export interface Turn {
  readonly origin: Origin;
  readonly lane: Lane;
  readonly entry: Entry;
  readonly isProbe: boolean;
}

export class Schedule {
  readonly #concurrency: number;
  readonly #originCapMax: number;
  /** Free slots that only an origin without a delivery under way may take; the last half only a proven one. */
  readonly #reserve: number;
  readonly #suspectMax: number;
  readonly #probesMax: number;
  readonly #origins = new Map<string, Origin>();
  readonly #rotation: Origin[] = [];
  readonly #queued = new Set<Lane>();
  #inFlight = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#originCapMax = Math.max(1, Math.floor(concurrency * originShareMax));
    this.#reserve = Math.floor(concurrency * reserveShare);
    this.#suspectMax = Math.max(1, Math.floor(concurrency * suspectShareMax));
    this.#probesMax = Math.max(1, Math.floor(concurrency * probeShareMax));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get openBreakers(): number {
    let open = 0;
    for (const { breaker } of this.#origins.values()) if (breaker.kind !== 'closed') open += 1;
    return open;
  }

  /** The lane has something ready: it takes its place at the end of its origin's rotation. */
  enqueue(lane: Lane): void {
    if (!lane.target || !lane.hasReady || this.#queued.has(lane)) return;
    const origin = this.#originOf(lane.target.origin);
    this.#queued.add(lane);
    origin.lanes.push(lane);
    if (origin.isQueued) return;
    origin.isQueued = true;
    this.#rotation.push(origin);
  }

  /** The lane's target changes or it is gone: out of every rotation. */
  dequeue(lane: Lane): void {
    if (!this.#queued.delete(lane)) return;
    for (const { lanes } of this.#origins.values()) {
      const at = lanes.indexOf(lane);
      if (at >= 0) lanes.splice(at, 1);
    }
  }

  next(nowMs: number): Turn | undefined {
    if (this.#inFlight >= this.#concurrency) return undefined;
    for (let looks = this.#rotation.length; looks > 0; looks--) {
      const origin = this.#rotation.shift();
      if (!origin) return undefined;
      if (origin.lanes.length === 0) {
        origin.isQueued = false;
        this.#release(origin);
        continue;
      }
      this.#rotation.push(origin);
      if (!this.#mayStart(origin, nowMs)) continue;
      const turn = this.#takeFrom(origin, nowMs);
      if (turn) return turn;
    }
    return undefined;
  }

  /**
   * The delivery ended with this sign of the origin; null: no POST was made. True: the origin is back after
   * an outage, so that nothing needs to wait for its own next try.
   */
  ended(turn: Turn, sign: OriginSign | null, nowMs: number, random: number): boolean {
    const { origin, isProbe } = turn;
    const before = origin.breaker;
    origin.inFlight -= 1;
    turn.lane.inFlight -= 1;
    this.#inFlight -= 1;
    if (sign === null) {
      const { breaker } = origin;
      const isUnused = isProbe && breaker.kind === 'probing';
      if (isUnused) origin.breaker = { kind: 'open', untilMs: nowMs, openMs: breaker.openMs };
    } else {
      const hasFailed = sign === 'failing';
      origin.breaker = afterResult(origin.breaker, hasFailed, { nowMs, random, isProbe });
      origin.isProven = !hasFailed;
      origin.cap =
        sign === 'fine' ? Math.min(this.#originCapMax, origin.cap + 1) : Math.max(1, origin.cap >> 1);
    }
    this.#release(origin);
    const wasOut = before.kind !== 'closed' && before.openMs >= outageMsMin;
    return wasOut && origin.breaker.kind === 'closed';
  }

  isFailing(origin: string): boolean {
    const breaker = this.#origins.get(origin)?.breaker;
    return breaker !== undefined && breaker.kind !== 'closed';
  }

  /** When a closed door opens next, ms since the epoch, if somebody waits at it. */
  nextOpening(): number | null {
    let at: number | null = null;
    for (const { breaker, lanes } of this.#rotation)
      if (breaker.kind === 'open' && lanes.length > 0) at = Math.min(at ?? breaker.untilMs, breaker.untilMs);
    return at;
  }

  #originOf(name: string): Origin {
    const found = this.#origins.get(name);
    if (found) return found;
    const cap = Math.min(originCapStart, this.#originCapMax);
    const origin: Origin = {
      ...{ name, breaker: closedBreaker, inFlight: 0, cap },
      ...{ isProven: false, lanes: [], isQueued: false },
    };
    this.#origins.set(name, origin);
    return origin;
  }

  #mayStart(origin: Origin, nowMs: number): boolean {
    if (!mayPass(origin.breaker, nowMs) || origin.inFlight >= origin.cap) return false;
    if (!this.#leavesRoom(origin)) return false;
    if (origin.isProven) return true;
    const { suspects, probes } = this.#unproven();
    if (origin.breaker.kind !== 'closed') return probes < this.#probesMax && suspects < this.#suspectMax;
    // The first one is always let through, else a newcomer would wait behind origins that hang.
    return origin.inFlight === 0 || suspects < this.#suspectMax;
  }

  /**
   * Beside others an origin may have a few times as many under way as there are slots free, so that its share
   * shrinks as they come and even several that stop answering at one moment cannot take every slot between
   * them. While nobody else has anything under way, all but the reserve is its own.
   */
  #leavesRoom({ inFlight, isProven }: Origin): boolean {
    const free = this.#concurrency - this.#inFlight;
    if (free <= this.#reserve && inFlight > 0) return false;
    if (free <= this.#reserve >> 1 && !isProven) return false;
    return inFlight === this.#inFlight || inFlight < free * freeShareMax;
  }

  /** Deliveries under way to origins that have not answered since they failed, or never; probes among them. */
  #unproven(): { suspects: number; probes: number } {
    let [suspects, probes] = [0, 0];
    for (const { isProven, inFlight, breaker } of this.#origins.values()) {
      if (!isProven) suspects += inFlight;
      if (breaker.kind === 'probing') probes += 1;
    }
    return { suspects, probes };
  }

  #takeFrom(origin: Origin, nowMs: number): Turn | undefined {
    const lane = origin.lanes.shift();
    const entry = lane?.take();
    if (!lane || !entry) {
      if (lane) this.#queued.delete(lane);
      return undefined;
    }
    if (lane.hasReady) origin.lanes.push(lane);
    else this.#queued.delete(lane);
    const before = origin.breaker;
    origin.breaker = afterStart(before, nowMs);
    origin.inFlight += 1;
    lane.inFlight += 1;
    this.#inFlight += 1;
    return { origin, lane, entry, isProbe: origin.breaker !== before };
  }

  /** An origin that nobody posts to and that has nothing to remember costs nothing. */
  #release(origin: Origin): void {
    if (origin.inFlight > 0 || origin.isQueued || origin.lanes.length > 0) return;
    const { breaker, isProven } = origin;
    const isBlank = breaker.kind === 'closed' && breaker.failures === 0 && !isProven;
    if (isBlank || this.#origins.size > originsMax) this.#origins.delete(origin.name);
  }
}

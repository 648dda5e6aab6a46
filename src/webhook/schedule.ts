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
  /** When it last answered, ms since the epoch; 0: never. */
  answeredAtMs: number;
  readonly lanes: Lane[];
  isQueued: boolean;
}

export interface Turn {
  readonly origin: Origin;
  readonly lane: Lane;
  readonly entry: Entry;
  readonly isProbe: boolean;
  readonly startedAtMs: number;
}

export class Schedule {
  readonly #concurrency: number;
  readonly #originCapMax: number;
  /** Free slots for origins with nothing under way; the last half for proven ones, the last quarter for lively ones. */
  readonly #reserve: number;
  readonly #suspectMax: number;
  readonly #probesMax: number;
  readonly #origins = new Map<string, Origin>();
  readonly #rotation: Origin[] = [];
  readonly #queued = new Set<Lane>();
  /** What is under way, the oldest first. */
  readonly #turns = new Set<Turn>();
  /** Deliveries under way to origins that have not answered since they failed, or never. */
  #suspects = 0;
  #probes = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#originCapMax = Math.max(1, Math.floor(concurrency * originShareMax));
    this.#reserve = Math.floor(concurrency * reserveShare);
    this.#suspectMax = Math.max(1, Math.floor(concurrency * suspectShareMax));
    this.#probesMax = Math.max(1, Math.floor(concurrency * probeShareMax));
  }

  get inFlight(): number {
    return this.#turns.size;
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
    if (this.#turns.size >= this.#concurrency) return undefined;
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
    this.#weigh(origin, -1);
    origin.inFlight -= 1;
    turn.lane.inFlight -= 1;
    this.#turns.delete(turn);
    if (sign === null) {
      const { breaker } = origin;
      const isUnused = isProbe && breaker.kind === 'probing';
      if (isUnused) origin.breaker = { kind: 'open', untilMs: nowMs, openMs: breaker.openMs };
    } else {
      const hasFailed = sign === 'failing';
      origin.breaker = afterResult(origin.breaker, hasFailed, { nowMs, random, isProbe });
      origin.isProven = !hasFailed;
      if (!hasFailed) origin.answeredAtMs = nowMs;
      origin.cap =
        sign === 'fine' ? Math.min(this.#originCapMax, origin.cap + 1) : Math.max(1, origin.cap >> 1);
    }
    this.#weigh(origin, 1);
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
      ...{ isProven: false, answeredAtMs: 0, lanes: [], isQueued: false },
    };
    this.#origins.set(name, origin);
    return origin;
  }

  #mayStart(origin: Origin, nowMs: number): boolean {
    if (!mayPass(origin.breaker, nowMs) || origin.inFlight >= origin.cap) return false;
    if (!this.#leavesRoom(origin)) return false;
    if (origin.isProven) return true;
    const hasRoom = this.#suspects < this.#suspectMax;
    if (origin.breaker.kind !== 'closed') return this.#probes < this.#probesMax && hasRoom;
    // The first one is always let through, else a newcomer would wait behind origins that hang.
    return origin.inFlight === 0 || hasRoom;
  }

  /**
   * Beside others an origin may have a few times as many under way as there are slots free, so that its share
   * shrinks as they come and even several that stop answering at one moment cannot take every slot between
   * them. While nobody else has anything under way, all but the reserve is its own.
   */
  #leavesRoom({ inFlight, isProven, answeredAtMs }: Origin): boolean {
    const free = this.#concurrency - this.#turns.size;
    if (free <= this.#reserve && inFlight > 0) return false;
    if (free <= this.#reserve >> 1 && !isProven) return false;
    // Who has answered since the oldest POST began did not stop with it, however many others did.
    if (free <= this.#reserve >> 2 && answeredAtMs < this.#oldestAtMs) return false;
    return inFlight === this.#turns.size || inFlight < free * freeShareMax;
  }

  get #oldestAtMs(): number {
    for (const { startedAtMs } of this.#turns) return startedAtMs;
    return 0;
  }

  /** The origin's part in what is counted: out of it before it changes (-1), into it afterwards (1). */
  #weigh({ isProven, inFlight, breaker }: Origin, by: 1 | -1): void {
    if (!isProven) this.#suspects += by * inFlight;
    if (breaker.kind === 'probing') this.#probes += by;
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
    this.#weigh(origin, -1);
    origin.breaker = afterStart(before, nowMs);
    origin.inFlight += 1;
    lane.inFlight += 1;
    this.#weigh(origin, 1);
    const turn = { origin, lane, entry, isProbe: origin.breaker !== before, startedAtMs: nowMs };
    this.#turns.add(turn);
    return turn;
  }

  /** An origin that nobody posts to and that has nothing to remember costs nothing. */
  #release(origin: Origin): void {
    if (origin.inFlight > 0 || origin.isQueued || origin.lanes.length > 0) return;
    const { breaker, isProven } = origin;
    const isBlank = breaker.kind === 'closed' && breaker.failures === 0 && !isProven;
    if (isBlank || this.#origins.size > originsMax) this.#origins.delete(origin.name);
  }
}

/**
 * Everything that was sent and not yet finished: asks with their deadline and promise, tells without.
 * Used by local actors and by both ends of a thread. One timer, armed for the nearest deadline, serves all.
 * An ask that timed out stays in the table, settled, until its callee has finished with it: the callee's
 * mailbox still holds it. Nothing here ever settles a promise twice.
 */
import type { Clock, Timer } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { Letter, Message } from './protocol.ts';
import { Slots } from './slots.ts';

export interface OpenLetter<M> extends Letter<M> {
  readonly timeoutMs: number;
  replays: number;
  resolve: ((value: unknown) => void) | undefined;
  reject: ((error: AppError) => void) | undefined;
}

export class AskTable<M extends Message> {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #entries: Slots<OpenLetter<M>>;
  #timer: Timer | undefined;
  #armedForMs = 0;
  #asks = 0;
  #timeouts = 0;

  /** `lastId` is where ids continue from; only tests start it elsewhere than 0. */
  constructor(name: string, clock: Clock, lastId = 0) {
    this.#name = name;
    this.#clock = clock;
    this.#entries = new Slots(lastId);
  }

  /** Messages that the callee has not finished with: waiting, in progress, or timed out but not yet dropped. */
  get size(): number {
    return this.#entries.size;
  }

  get asksInFlight(): number {
    return this.#asks;
  }

  get timeouts(): number {
    return this.#timeouts;
  }

  openTell(message: M): Letter<M> {
    return this.#open(message, 0, 0);
  }

  /** `post` gets the letter before the promise is returned. */
  openAsk(message: M, timeoutMs: number, post: (letter: Letter<M>) => void): Promise<unknown> {
    const deadlineMs = this.#clock.now() + Math.max(1, timeoutMs);
    return new Promise<unknown>((resolve, reject) => {
      const entry = this.#open(message, deadlineMs, timeoutMs);
      entry.resolve = resolve;
      entry.reject = reject;
      this.#asks++;
      if (this.#timer === undefined || deadlineMs < this.#armedForMs) this.#arm(deadlineMs);
      post(entry);
    });
  }

  /** The callee finished with this message. False when it is unknown or its asker had already given up. */
  resolve(id: number, value: unknown): boolean {
    const entry = this.#close(id);
    if (entry?.resolve === undefined) return false;
    entry.resolve(value);
    return true;
  }

  reject(id: number, error: AppError): boolean {
    const entry = this.#close(id);
    if (entry?.reject === undefined) return false;
    entry.reject(error);
    return true;
  }

  /** The callee finished with a tell, or dropped an ask that was late. */
  finish(id: number): boolean {
    const entry = this.#close(id);
    if (entry === undefined) return false;
    entry.reject?.(this.#late(entry));
    return true;
  }

  get(id: number): OpenLetter<M> | undefined {
    return this.#entries.get(id);
  }

  /** Everything open, oldest first. */
  open(): OpenLetter<M>[] {
    return this.#entries.oldestFirst();
  }

  /** Fails every pending ask at once and forgets the settled ones; tells stay open and are returned. */
  failAsks(makeError: (letter: Letter<M>) => AppError): OpenLetter<M>[] {
    const tells: OpenLetter<M>[] = [];
    for (const entry of this.open()) {
      if (entry.deadlineMs === 0) tells.push(entry);
      else this.reject(entry.id, makeError(entry));
    }
    return tells;
  }

  #open(message: M, deadlineMs: number, timeoutMs: number): OpenLetter<M> {
    const id = this.#entries.nextId();
    const entry = { id, message, deadlineMs, timeoutMs, replays: 0, resolve: undefined, reject: undefined };
    this.#entries.put(entry);
    return entry;
  }

  #close(id: number): OpenLetter<M> | undefined {
    const entry = this.#entries.remove(id);
    if (entry?.resolve !== undefined) this.#asks--;
    return entry;
  }

  /** Never disarmed when the last ask settles: a timer that fires for nothing costs less than one per ask. */
  #arm(deadlineMs: number): void {
    this.#timer?.cancel();
    this.#armedForMs = deadlineMs;
    this.#timer = this.#clock.after(Math.max(1, deadlineMs - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    let nearestMs = 0;
    for (const entry of this.open()) {
      if (entry.reject === undefined) continue;
      if (entry.deadlineMs <= nowMs) this.#giveUp(entry);
      else if (nearestMs === 0 || entry.deadlineMs < nearestMs) nearestMs = entry.deadlineMs;
    }
    if (nearestMs > 0) this.#arm(nearestMs);
  }

  #giveUp(entry: OpenLetter<M>): void {
    const { reject } = entry;
    entry.resolve = undefined;
    entry.reject = undefined;
    this.#asks--;
    this.#timeouts++;
    reject?.(this.#late(entry));
  }

  #late(entry: OpenLetter<M>): AppError {
    return new AppError(
      'timeout',
      `${this.#name}: no answer to ${entry.message.kind} within ${entry.timeoutMs} ms`,
    );
  }
}

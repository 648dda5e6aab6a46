/**
 * An actor in the thread of its owner: the same ref, verdicts, deadlines and restarts as one in a worker.
 * Made by `spawnLocal`; supervised as a `ChildSpec`. A turn never runs inside the sender's own turn.
 */
import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { fromFailure } from '../errors.ts';
import { errorFields, type Log } from '../log.ts';
import type { Behavior, BehaviorSource } from './behavior.ts';
import { Cell, type CellEvents } from './cell.ts';
import { type ChildSpec, type Exit, StartFailed } from './child-spec.ts';
import { DeadLetters } from './dead-letters.ts';
import { Letterbox } from './letterbox.ts';
import { mailboxCapacityDefault } from './limits.ts';
import type { Letter, Message, Ref, Replies } from './protocol.ts';

export interface LocalOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages accepted and not finished. Default 1,024. */
  readonly mailboxCapacity?: number;
  /** Turns that may be in progress at their awaits. Default 1. */
  readonly concurrency?: number;
  readonly deadLetters?: DeadLetters;
}

type State = 'idle' | 'starting' | 'ready' | 'down' | 'stopped';

export class LocalActor<M extends Message, R extends Replies<M>> implements ChildSpec {
  readonly name: string;
  readonly ref: Ref<M, R>;
  readonly #source: BehaviorSource<M>;
  readonly #options: LocalOptions;
  readonly #letterbox: Letterbox<M>;
  readonly #deadLetters: DeadLetters;
  /** Accepted while there is no cell to take them, or before it is ready. */
  #waiting: Letter<M>[] = [];
  #behavior: Behavior<M> | undefined;
  #cell: Cell<M> | undefined;
  #state: State = 'idle';
  #readyAtMs = 0;
  #ending: Promise<void> | undefined;
  #listener: ((exit: Exit) => void) | undefined;

  constructor(source: BehaviorSource<M>, options: LocalOptions) {
    this.name = options.name;
    this.#source = source;
    this.#options = options;
    this.#deadLetters = options.deadLetters ?? new DeadLetters(options.clock, options.log);
    this.#letterbox = new Letterbox<M>({
      name: options.name,
      clock: options.clock,
      capacity: options.mailboxCapacity ?? mailboxCapacityDefault,
      deadLetters: this.#deadLetters,
      post: (letter) => this.#post(letter as Letter<M>),
    });
    this.ref = this.#letterbox.ref<R>();
  }

  async start(): Promise<void> {
    assert(this.#state === 'idle' || this.#state === 'down', `${this.name}: start while ${this.#state}`);
    this.#state = 'starting';
    this.#letterbox.setRefusal('none');
    try {
      this.#behavior = typeof this.#source === 'function' ? this.#source() : this.#source;
      await this.#behavior.start?.();
    } catch (error) {
      throw new StartFailed(this.name, this.#wentDown('start_failed', error, 0));
    }
    if (this.#state === 'starting') this.#becameReady(this.#behavior);
  }

  drain(): Promise<void> {
    this.#letterbox.setRefusal('stopped');
    this.#ending ??= this.#drainAndEnd();
    return this.#ending;
  }

  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #drainAndEnd(): Promise<void> {
    await this.#cell?.idle();
    await this.#behavior?.drain?.();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#state = 'stopped';
    this.#cell?.halt();
    this.#letterbox.close();
    await this.#behavior?.stop?.();
  }

  async replace(): Promise<void> {
    assert(typeof this.#source === 'function', `${this.name}: replacing needs a behavior factory`);
    const old = this.#behavior;
    const cell = this.#cell;
    this.#cell = undefined;
    await cell?.idle();
    await old?.drain?.();
    await old?.stop?.();
    if (this.#state === 'stopped') return;
    this.#state = 'down';
    await this.start();
  }

  abandon(): void {
    this.#state = 'stopped';
    this.#letterbox.close();
  }

  onExit(listener: (exit: Exit) => void): void {
    this.#listener = listener;
  }

  async stats(): Promise<Record<string, unknown>> {
    return {
      state: this.#state,
      mailboxDepth: (this.#cell?.mailbox.depth ?? 0) + this.#waiting.length,
      mailboxCapacity: this.#options.mailboxCapacity ?? mailboxCapacityDefault,
      mailboxIsHigh: this.#cell?.mailbox.isHigh ?? false,
      turnsInProgress: this.#cell?.inProgress ?? 0,
      asksInFlight: this.#letterbox.table.asksInFlight,
      asksTimedOut: this.#letterbox.table.timeouts,
      refused: this.#letterbox.refused,
      ...this.#behavior?.stats?.(),
    };
  }

  #becameReady(behavior: Behavior<M>): void {
    this.#state = 'ready';
    this.#readyAtMs = this.#options.clock.elapsed();
    const { clock, log, name, concurrency = 1 } = this.#options;
    const mailboxCapacity = this.#options.mailboxCapacity ?? mailboxCapacityDefault;
    this.#cell = new Cell<M>(behavior, { name, clock, log, concurrency, mailboxCapacity }, this.#events());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const letter of waiting) this.#post(letter);
  }

  #post(letter: Letter<M>): void {
    if (this.#cell === undefined) {
      this.#waiting.push(letter);
      return;
    }
    assert(this.#cell.offer(letter), `${this.name}: the mailbox is smaller than what was accepted`);
    this.#cell.pumpSoon();
  }

  #events(): CellEvents<M> {
    const box = this.#letterbox;
    return {
      replied: (letter, value) =>
        letter.deadlineMs === 0 ? box.finished(letter.id) : box.replied(letter.id, value),
      failed: (letter, failure) =>
        letter.deadlineMs === 0 ? box.finished(letter.id) : box.failed(letter.id, fromFailure(failure)),
      late: (letter) => this.#late(letter),
      crashed: (letter, error) => this.#crashed(letter, error),
    };
  }

  #late(letter: Letter<M>): void {
    this.#deadLetters.add('late', this.name, letter.message.kind);
    this.#letterbox.finished(letter.id);
  }

  #crashed(letter: Letter<M>, error: unknown): void {
    const served = this.#options.clock.elapsed() - this.#readyAtMs;
    this.#cell = undefined;
    const wasSent = new Set(this.#letterbox.table.open().map((open) => open.id));
    const exit = this.#wentDown('crashed', error, served, letter.id, (id) => wasSent.has(id));
    if (this.#listener === undefined) this.abandon();
    else this.#listener(exit);
  }

  #wentDown(
    reason: string,
    error: unknown,
    servedMs: number,
    culprit = 0,
    wasSent = (_: number): boolean => false,
  ): Exit {
    const wasReady = this.#state === 'ready';
    if (this.#state !== 'stopped') this.#state = 'down';
    this.#waiting = this.#letterbox.died(culprit, wasSent);
    this.#letterbox.setRefusal(this.#state === 'stopped' ? 'stopped' : 'restarting');
    this.#options.log.error({ actor: this.name, reason, error: errorFields(error) }, 'actor crashed');
    return { reason, error, wasReady, servedMs };
  }
}

/** Makes a local actor, not yet started: a child spec for a supervisor. */
export function createLocal<M extends Message, R extends Replies<M>>(
  source: BehaviorSource<M, R>,
  options: LocalOptions,
): LocalActor<M, R> {
  return new LocalActor<M, R>(source as BehaviorSource<M>, options);
}

/** Makes a local actor and starts it; messages sent before it is ready wait in its mailbox. */
export function spawnLocal<M extends Message, R extends Replies<M>>(
  source: BehaviorSource<M, R>,
  options: LocalOptions,
): LocalActor<M, R> & { readonly ready: Promise<void> } {
  const actor = createLocal<M, R>(source, options);
  const ready = actor.start();
  ready.catch(() => undefined);
  return Object.assign(actor, { ready });
}

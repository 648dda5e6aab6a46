/**
 * The engine of one actor: takes letters from its mailbox and runs turns, up to `concurrency` at their awaits.
 * Used by local actors and by the guest side of a thread. It knows neither refs nor restarts: what came of
 * each turn is told to `CellEvents`. After a crash it is halted and runs nothing more.
 */
import type { Clock } from '../clock.ts';
import { yieldTurn } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError, type Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ActorContext, Behavior, TurnContext } from './behavior.ts';
import { turnsPerTickMax } from './limits.ts';
import { Mailbox } from './mailbox.ts';
import type { Letter } from './protocol.ts';

export interface CellEvents<M> {
  replied(letter: Letter<M>, value: unknown): void;
  /** A typed failure: the actor goes on. */
  failed(letter: Letter<M>, failure: Failure): void;
  /** Its deadline had passed before its turn came, so it was not run. */
  late(letter: Letter<M>): void;
  crashed(letter: Letter<M>, error: unknown): void;
  /** Around the synchronous part of a turn, so that a hang can be blamed on a message. */
  entered?(letter: Letter<M>): void;
  left?(): void;
}

export interface CellOptions extends ActorContext {
  readonly mailboxCapacity: number;
  /** Turns that may be in progress at their awaits; 1 is strictly one after the other. */
  readonly concurrency: number;
}

/** One is made per turn, so it only points to what all turns of the actor share. */
class Turn implements TurnContext {
  readonly shared: ActorContext;
  readonly deadlineMs: number;

  constructor(shared: ActorContext, deadlineMs: number) {
    this.shared = shared;
    this.deadlineMs = deadlineMs;
  }

  get name(): string {
    return this.shared.name;
  }

  get clock(): Clock {
    return this.shared.clock;
  }

  get log(): Log {
    return this.shared.log;
  }

  deadline(): number | undefined {
    return this.deadlineMs === 0 ? undefined : this.deadlineMs;
  }
}

export class Cell<M> {
  readonly mailbox: Mailbox<Letter<M>>;
  readonly #behavior: Behavior<M>;
  readonly #options: CellOptions;
  readonly #events: CellEvents<M>;
  #inProgress = 0;
  #turns = 0;
  #isHalted = false;
  #isPumping = false;
  #isPumpDue = false;
  #idleWaiters: (() => void)[] = [];

  constructor(
    behavior: Behavior<M>,
    options: CellOptions,
    events: CellEvents<M>,
    mailbox?: Mailbox<Letter<M>>,
  ) {
    this.#behavior = behavior;
    this.#options = options;
    this.#events = events;
    this.mailbox = mailbox ?? new Mailbox(options.mailboxCapacity);
  }

  get inProgress(): number {
    return this.#inProgress;
  }

  get turns(): number {
    return this.#turns;
  }

  get isIdle(): boolean {
    return this.#inProgress === 0 && this.mailbox.depth === 0;
  }

  /** False when the mailbox is full. The turn runs at the next `pump`. */
  offer(letter: Letter<M>): boolean {
    return this.mailbox.offer(letter);
  }

  /** Pumps in the next microtask, so that no turn runs inside the sender's. */
  pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.pump();
    });
  }

  /** Runs what may run now, at most `turnsPerTickMax` turns before the event loop gets its share. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    let budget = turnsPerTickMax;
    while (this.#mayRun() && budget-- > 0) {
      const letter = this.mailbox.take();
      if (letter === undefined) break;
      this.#run(letter);
    }
    this.#isPumping = false;
    if (this.#mayRun() && this.mailbox.depth > 0) detach(this.#pumpLater(), () => undefined);
    else if (this.isIdle) this.#becameIdle();
  }

  /** Runs no further turn; those in progress at their awaits go on, their outcome is not reported. */
  halt(): void {
    this.#isHalted = true;
    this.#becameIdle();
  }

  /** Resolves when the mailbox is empty and no turn is in progress, or when the cell is halted. */
  idle(): Promise<void> {
    if (this.isIdle || this.#isHalted) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #mayRun(): boolean {
    return !this.#isHalted && this.#inProgress < this.#options.concurrency;
  }

  async #pumpLater(): Promise<void> {
    this.#isPumping = true;
    await yieldTurn();
    this.#isPumping = false;
    this.pump();
  }

  #run(letter: Letter<M>): void {
    if (letter.deadlineMs !== 0 && letter.deadlineMs <= this.#options.clock.now()) this.#events.late(letter);
    else this.#turn(letter);
  }

  #turn(letter: Letter<M>): void {
    this.#inProgress++;
    this.#turns++;
    this.#events.entered?.(letter);
    try {
      const result = this.#behavior.receive(letter.message, new Turn(this.#options, letter.deadlineMs));
      this.#events.left?.();
      if (isPromise(result)) this.#await(letter, result);
      else this.#returned(letter, result);
    } catch (error) {
      this.#threw(letter, error);
    }
  }

  #await(letter: Letter<M>, result: Promise<unknown>): void {
    result.then(
      (value) => {
        this.#returned(letter, value);
        this.pump();
      },
      (error: unknown) => {
        this.#threw(letter, error);
        this.pump();
      },
    );
  }

  #returned(letter: Letter<M>, value: unknown): void {
    this.#inProgress--;
    if (!this.#isHalted) this.#events.replied(letter, value);
  }

  #threw(letter: Letter<M>, error: unknown): void {
    this.#inProgress--;
    if (this.#isHalted) return;
    if (error instanceof AppError) {
      this.#events.left?.();
      this.#events.failed(letter, error.failure);
    } else {
      this.halt();
      this.#events.crashed(letter, error);
    }
  }

  #becameIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/**
 * What an actor is: a function run once per message, its private state in the closure or class around it.
 * Written by the rooms (shard, webhook, examples), run by `cell.ts`; never called by anyone else.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

export interface ActorContext {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TurnContext extends ActorContext {
  /** Deadline of the current ask as `clock.now()` milliseconds; undefined in the turn of a tell. */
  deadline(): number | undefined;
}

export interface Behavior<M, R = Record<string, unknown>> {
  /** Never set: ties the behavior to the reply types of its protocol. */
  readonly replies?: R;
  /**
   * One turn. The returned value, or what its promise resolves to, is the reply of an ask. Throwing an
   * `AppError` is a typed failure to the asker; any other throw or rejection crashes the actor.
   */
  receive(message: M, context: TurnContext): unknown;
  /** Runs before the first turn; its failure means that the actor never became ready. */
  start?(): Promise<void>;
  /** Runs once the mailbox is empty and before `stop`, when the actor is drained and not merely stopped. */
  drain?(): Promise<void>;
  stop?(): Promise<void>;
  /** Figures of its own, added to the actor's `stats`. */
  stats?(): Record<string, unknown>;
}

/** A behavior, or what makes a fresh one for every start; an actor that may be restarted needs the latter. */
export type BehaviorSource<M, R = Record<string, unknown>> = Behavior<M, R> | (() => Behavior<M, R>);

/**
 * What every actor is addressed by: messages as plain data, a verdict for each tell, a deadline for each ask.
 * Every room sees actors only through `Ref`; no type here may know threads, WhatsApp or HTTP.
 */

/** Plain data, discriminated on `kind`. Kinds that begin with `$` belong to the runtime. */
export interface Message {
  readonly kind: string;
}

/** The reply type of each command that can be asked: `R[kind]`. */
export type Replies<M extends Message> = { [K in M['kind']]?: unknown };

/** `accepted`: it is in the mailbox. `full`: try later. `stopped`: it will never be taken. */
export type Verdict = 'accepted' | 'full' | 'stopped';

export interface AskOptions {
  /** How long the asker waits, in milliseconds; travels with the message as an absolute deadline. */
  readonly timeoutMs: number;
}

export interface Ref<M extends Message, R extends Replies<M> = Replies<M>> {
  readonly name: string;
  tell(message: M): Verdict;
  /** Rejects with `AppError`: `mailbox_full`, `timeout`, `actor_restarted`, `draining` or the callee's own. */
  ask<K extends M['kind'] & keyof R>(message: Extract<M, { kind: K }>, options: AskOptions): Promise<R[K]>;
}

/** One message on its way: `deadlineMs` is an absolute `clock.now()`, or 0 for a tell. */
export interface Letter<M> {
  readonly id: number;
  readonly message: M;
  readonly deadlineMs: number;
}

export const isAsk = (letter: Letter<unknown>): boolean => letter.deadlineMs > 0;

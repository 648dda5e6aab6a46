/**
 * The sender's half of an actor, the same for local actors and threads: refusals, asks with deadlines, tells,
 * and what becomes of open letters when the actor dies. Owned by whoever outlives the actor; never replays an
 * ask, because its asker was told that it failed.
 */

import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { AskTable, type OpenLetter } from './ask-table.ts';
import type { DeadLetters } from './dead-letters.ts';
import { replaysMax, retryAfterFullMs, retryAfterRestartMs } from './limits.ts';
import { fingerprint, PoisonLedger } from './poison.ts';
import type { AskOptions, Letter, Message, Ref, Replies, Verdict } from './protocol.ts';

export interface LetterboxOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly capacity: number;
  readonly deadLetters: DeadLetters;
  /** Takes one accepted letter; called inside `tell` and `ask`. */
  readonly post: (letter: Letter<Message>) => void;
}

export class Letterbox<M extends Message = Message> {
  readonly table: AskTable<M>;
  readonly #options: LetterboxOptions;
  readonly #poison: PoisonLedger;
  #refusal: 'none' | 'stopped' | 'restarting' = 'none';
  #refused = 0;

  constructor(options: LetterboxOptions) {
    this.#options = options;
    this.table = new AskTable(options.name, options.clock);
    this.#poison = new PoisonLedger(options.clock);
  }

  get refused(): number {
    return this.#refused;
  }

  /** `stopped` refuses everything; `restarting` fails asks at once and keeps tells for the next start. */
  setRefusal(refusal: 'none' | 'stopped' | 'restarting'): void {
    this.#refusal = refusal;
  }

  tell(message: M): Verdict {
    const { deadLetters, name } = this.#options;
    if (this.#refusal === 'stopped') return this.#refuse('stopped', message);
    if (this.table.size >= this.#options.capacity) return this.#refuse('full', message);
    if (this.#poison.isSetAside(message)) {
      deadLetters.add('poison', name, message.kind, 'refused: it crashed the actor before');
      return 'stopped';
    }
    this.#options.post(this.table.openTell(message));
    return 'accepted';
  }

  ask(message: M, { timeoutMs }: AskOptions): Promise<unknown> {
    const refusal = this.#whyNot(message);
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.table.openAsk(message, timeoutMs, this.#options.post);
  }

  /** A request of the runtime itself: neither refused nor counted against the capacity. */
  askControl(message: M, timeoutMs: number, post: (letter: Letter<M>) => void): Promise<unknown> {
    return this.table.openAsk(message, timeoutMs, post);
  }

  ref<R extends Replies<M>>(): Ref<M, R> {
    return {
      name: this.#options.name,
      tell: (message) => this.tell(message),
      ask: <K extends M['kind'] & keyof R>(message: Extract<M, { kind: K }>, options: AskOptions) =>
        this.ask(message, options) as Promise<R[K]>,
    };
  }

  /** The callee answered. */
  replied(id: number, value: unknown): void {
    this.#settled(id, this.table.resolve(id, value));
  }

  failed(id: number, error: AppError): void {
    this.#settled(id, this.table.reject(id, error));
  }

  /** The callee finished a tell, or dropped an ask that was late. */
  finished(id: number): void {
    this.table.finish(id);
  }

  /** Sets an open letter aside: it will not be delivered. */
  bury(id: number, reason: 'unpackable' | 'stopped', error: AppError): void {
    const letter = this.table.get(id);
    if (letter === undefined) return;
    this.#options.deadLetters.add(reason, this.#options.name, letter.message.kind, error.message);
    if (letter.deadlineMs === 0) this.table.finish(id);
    else this.table.reject(id, error);
  }

  /**
   * The actor died. Pending asks fail with `actor_restarted`. Returns the tells to replay, oldest first;
   * `culprit` is the id of the message that was running, 0 when nobody knows.
   */
  died(culprit: number, wasSent: (id: number) => boolean): Letter<M>[] {
    const blamed = this.table.get(culprit);
    const isPoison = blamed !== undefined && this.#poison.blame(blamed.message);
    if (blamed !== undefined && isPoison) this.#buryPoison(blamed);
    const tells = this.table.failAsks((letter) => this.#restarted(letter));
    return tells.filter((tell) => this.#mayReplay(tell, culprit, wasSent(tell.id)));
  }

  /** Nobody will ever take these: pending asks fail, tells become dead letters. */
  close(): void {
    this.setRefusal('stopped');
    for (const { id } of this.table.open()) this.bury(id, 'stopped', this.#stoppedError());
  }

  #settled(id: number, wasWanted: boolean): void {
    if (!wasWanted) this.#options.deadLetters.add('unwanted_reply', this.#options.name, 'reply', `ask ${id}`);
  }

  #whyNot(message: M): AppError | undefined {
    const { name, capacity } = this.#options;
    if (this.#refusal === 'stopped') return this.#stoppedError();
    if (this.#refusal === 'restarting') return this.#restarted({ message });
    if (this.table.size >= capacity) {
      this.#refuse('full', message);
      return new AppError('mailbox_full', `${name}: ${this.table.size} of ${capacity} messages are waiting`, {
        retryAfterMs: retryAfterFullMs,
      });
    }
    if (!this.#poison.isSetAside(message)) return undefined;
    this.#options.deadLetters.add('poison', name, message.kind, 'refused: it crashed the actor before');
    return new AppError(
      'internal',
      `${name}: this ${message.kind} crashed the actor before and is set aside`,
    );
  }

  #refuse(verdict: 'full' | 'stopped', message: M): Verdict {
    this.#refused++;
    this.#options.deadLetters.add(verdict, this.#options.name, message.kind);
    return verdict;
  }

  #buryPoison(letter: Letter<M>): void {
    this.#options.deadLetters.add(
      'poison',
      this.#options.name,
      letter.message.kind,
      fingerprint(letter.message),
    );
    if (letter.deadlineMs === 0) this.table.finish(letter.id);
  }

  /** A tell that was on its way is replayed, at most `replaysMax` times when it is to blame or nobody is. */
  #mayReplay(tell: OpenLetter<M>, culprit: number, wasSent: boolean): boolean {
    if (wasSent && (culprit === 0 || culprit === tell.id)) tell.replays++;
    if (tell.replays < replaysMax) return true;
    this.#options.deadLetters.add('replays_exhausted', this.#options.name, tell.message.kind);
    this.table.finish(tell.id);
    return false;
  }

  #restarted(letter: { readonly message: M }): AppError {
    return new AppError(
      'actor_restarted',
      `${this.#options.name} was restarted before it answered ${letter.message.kind}`,
      {
        retryAfterMs: retryAfterRestartMs,
      },
    );
  }

  #stoppedError(): AppError {
    return new AppError('draining', `${this.#options.name} takes no further messages`);
  }
}

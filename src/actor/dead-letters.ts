/**
 * What could not be delivered: counted by reason and sampled, so that nothing is lost silently.
 * One box a process, handed to every actor and host. It keeps kinds and names, never message bodies.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { deadLetterSamplesMax } from './limits.ts';

export type DeadLetterReason =
  | 'full'
  | 'stopped'
  | 'late'
  | 'unwanted_reply'
  | 'poison'
  | 'replays_exhausted'
  | 'actor_restarted'
  | 'unpackable'
  | 'listener_failed';

export interface DeadLetter {
  readonly at: number;
  readonly actor: string;
  readonly kind: string;
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

export class DeadLetters {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<DeadLetterReason, number>();
  readonly #samples = new Map<DeadLetterReason, DeadLetter[]>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  add(reason: DeadLetterReason, actor: string, kind: string, detail = ''): void {
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    const letter = { at: this.#clock.now(), actor, kind, reason, detail };
    this.#keep(letter);
    // Logged at 1, 2, 4, 8 …: the first ones are seen at once, a flood does not fill the log.
    if ((count & (count - 1)) === 0) this.#log.warn({ ...letter, count }, 'dead letter');
  }

  count(reason: DeadLetterReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** The latest samples of one reason, oldest first. */
  samples(reason: DeadLetterReason): readonly DeadLetter[] {
    return this.#samples.get(reason) ?? [];
  }

  #keep(letter: DeadLetter): void {
    const kept = this.#samples.get(letter.reason) ?? [];
    kept.push(letter);
    if (kept.length > deadLetterSamplesMax) kept.shift();
    this.#samples.set(letter.reason, kept);
  }
}

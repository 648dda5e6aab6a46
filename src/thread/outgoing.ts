/**
 * What one end of a link has yet to say, gathered for the next frame and packed. Used by `Peer` alone.
 * One bad message never takes its frame down: what cannot be packed is buried, or answered with a failure.
 */
import type { Letterbox } from '../actor/letterbox.ts';
import type { Letter, Message } from '../actor/protocol.ts';
import { AppError, type Failure } from '../errors.ts';
import type { Codec, Frame } from './codec.ts';
import { frameEntriesMax } from './limits.ts';
import type { FrameBytes } from './link.ts';

const empty: Frame = { sequence: 0, letters: [], replies: [], failures: [], finished: [] };

export class Outgoing {
  readonly #codec: Codec;
  readonly #letterbox: Letterbox;
  #letters: unknown[] = [];
  #replies: unknown[] = [];
  #failures: unknown[] = [];
  #finished: number[] = [];
  #holdsLetters = true;
  #framesPacked = 0;

  constructor(codec: Codec, letterbox: Letterbox) {
    this.#codec = codec;
    this.#letterbox = letterbox;
  }

  /** Letters that may go now. */
  get lettersDue(): number {
    return this.#holdsLetters ? 0 : this.#letters.length / 3;
  }

  get framesPacked(): number {
    return this.#framesPacked;
  }

  get isEmpty(): boolean {
    const hasLetters = this.#letters.length > 0 && !this.#holdsLetters;
    return (
      !hasLetters && this.#replies.length === 0 && this.#failures.length === 0 && this.#finished.length === 0
    );
  }

  /** Until now letters were only gathered. */
  release(): void {
    this.#holdsLetters = false;
  }

  letter({ id, deadlineMs, message }: Letter<Message>): void {
    this.#letters.push(id, deadlineMs, message);
  }

  letterIds(): Set<number> {
    return new Set(this.#letters.filter((_, at) => at % 3 === 0) as number[]);
  }

  reply(id: number, value: unknown): void {
    this.#replies.push(id, value);
  }

  failure(id: number, failure: Failure): void {
    this.#failures.push(id, failure);
  }

  finished(id: number): void {
    this.#finished.push(id);
  }

  /** All that is to be said now, but only so many letters and so much of the rest; undefined when that is nothing. */
  nextFrame(lettersMax = frameEntriesMax): FrameBytes | undefined {
    if (this.isEmpty) return undefined;
    const [replies, failures, finished] = [this.#replies, this.#failures, this.#finished];
    const letters = this.#holdsLetters ? empty.letters : this.#letters;
    if (!this.#holdsLetters) this.#letters = beyond(this.#letters, lettersMax * 3);
    this.#replies = beyond(replies, frameEntriesMax * 2);
    this.#failures = beyond(failures, frameEntriesMax * 2);
    this.#finished = [];
    return this.#pack({ sequence: this.#framesPacked++, letters, replies, failures, finished });
  }

  #pack(frame: Frame): FrameBytes {
    try {
      return this.#codec.encode(frame);
    } catch {
      return this.#codec.encode(this.#soundOf(frame));
    }
  }

  /** The frame without what cannot be packed. */
  #soundOf({ sequence, letters, replies, failures, finished }: Frame): Frame {
    const sound = {
      sequence,
      letters: [] as unknown[],
      replies: [] as unknown[],
      failures: [...failures],
      finished,
    };
    for (let at = 0; at < letters.length; at += 3) {
      const [id, fields] = [letters[at] as number, letters.slice(at, at + 3)];
      const error = this.#packingError({ ...empty, letters: fields });
      if (error === undefined) sound.letters.push(...fields);
      else this.#letterbox.bury(id, 'unpackable', notData((fields[2] as Message).kind, error));
    }
    for (let at = 0; at < replies.length; at += 2) {
      const fields = replies.slice(at, at + 2);
      const error = this.#packingError({ ...empty, replies: fields });
      if (error === undefined) sound.replies.push(...fields);
      else sound.failures.push(fields[0], notData('reply', error).failure);
    }
    return sound;
  }

  #packingError(frame: Frame): unknown {
    try {
      this.#codec.encode(frame);
      return undefined;
    } catch (error) {
      return error ?? new Error('unknown');
    }
  }
}

/** Cuts the list at `length` and returns the rest, which starts the next frame. */
const beyond = (list: unknown[], length: number): unknown[] =>
  list.length > length ? list.splice(length) : [];

const notData = (kind: string, error: unknown): AppError =>
  new AppError('internal', `${kind} is not plain data and cannot cross threads: ${String(error)}`);

/**
 * One end of a link at work: gathers what is said in one tick into a frame, sends within its credit, and takes
 * the other side's frames apart. Made per incarnation of a thread by host and guest alike; the letterbox
 * behind it outlives it on the host. After `close` nothing more is sent or received.
 */
import type { Letterbox } from '../actor/letterbox.ts';
import type { Letter, Message } from '../actor/protocol.ts';
import { detach } from '../detach.ts';
import { AppError, type Failure, fromFailure } from '../errors.ts';
import {
  type Codec,
  type Frame,
  type LetterFields,
  type ReplyFields,
  replyFailed,
  replyOk,
} from './codec.ts';
import { frameEntriesMax, framesInFlightMax } from './limits.ts';
import type { Link } from './link.ts';

export interface PeerOptions {
  readonly codec: Codec;
  /** Answers to our own letters go here. */
  readonly letterbox: Letterbox;
  readonly onLetter: (letter: Letter<Message>) => void;
  /** After the last letter of a frame. */
  readonly onFrameEnd: () => void;
  /** The link failed, or the other side sent what is not a frame: the incarnation is lost. */
  readonly onBroken: (error: unknown) => void;
}

export class Peer {
  readonly #options: PeerOptions;
  #link: Link | undefined;
  #letters: Letter<Message>[] = [];
  #replies: unknown[] = [];
  #finished: number[] = [];
  #holdsLetters = true;
  #isFlushDue = false;
  #framesInFlight = 0;
  #framesSent = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  get framesSent(): number {
    return this.#framesSent;
  }

  /** From now on frames flow, except that letters wait for `release`. */
  attach(link: Link): void {
    this.#link = link;
    this.#schedule();
  }

  /** The other side is ready for letters; what was posted before goes first. */
  release(): void {
    this.#holdsLetters = false;
    this.#schedule();
  }

  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  post(letter: Letter<Message>): void {
    this.#letters.push(letter);
    this.#schedule();
  }

  /** Letters that wait here for credit: the other side has certainly not seen them. */
  waitingIds(): Set<number> {
    return new Set(this.#letters.map(({ id }) => id));
  }

  reply(id: number, value: unknown): void {
    this.#replies.push(id, replyOk, value);
    this.#schedule();
  }

  fail(id: number, failure: Failure): void {
    this.#replies.push(id, replyFailed, failure);
    this.#schedule();
  }

  finish(id: number): void {
    this.#finished.push(id);
    this.#schedule();
  }

  deliver(bytes: Uint8Array): void {
    if (this.#link === undefined) return;
    const frame = this.#decode(bytes);
    if (frame === undefined) return;
    this.#takeReplies(frame);
    this.#takeLetters(frame.letters);
    this.#options.onFrameEnd();
  }

  #decode(bytes: Uint8Array): Frame | undefined {
    try {
      return this.#options.codec.decode(bytes);
    } catch (error) {
      this.#options.onBroken(error);
      return undefined;
    }
  }

  #takeReplies({ replies, finished }: Frame): void {
    const box = this.#options.letterbox;
    for (let index = 0; index < replies.length; index += 3) {
      const [id, status, value] = replies.slice(index, index + 3) as ReplyFields;
      if (status === replyOk) box.replied(id, value);
      else box.failed(id, fromFailure(value as Failure));
    }
    for (const id of finished) box.finished(id);
  }

  #takeLetters(letters: readonly unknown[]): void {
    for (let index = 0; index < letters.length; index += 3) {
      const id = letters[index] as LetterFields[0];
      const deadlineMs = letters[index + 1] as LetterFields[1];
      this.#options.onLetter({ id, deadlineMs, message: letters[index + 2] as LetterFields[2] });
    }
  }

  #schedule(): void {
    if (this.#isFlushDue || this.#link === undefined || this.#framesInFlight >= framesInFlightMax) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#link !== undefined && this.#hasWork() && this.#framesInFlight < framesInFlightMax) {
      const letters = this.#holdsLetters ? [] : this.#letters.splice(0, frameEntriesMax);
      const replies = this.#replies.splice(0, frameEntriesMax * 3);
      const finished = this.#finished;
      this.#finished = [];
      const bytes = this.#encode(letters, replies, finished);
      if (bytes !== undefined) this.#send(this.#link, bytes);
    }
  }

  #hasWork(): boolean {
    const hasLetters = this.#letters.length > 0 && !this.#holdsLetters;
    return hasLetters || this.#replies.length > 0 || this.#finished.length > 0;
  }

  #send(link: Link, bytes: Uint8Array<ArrayBuffer>): void {
    this.#framesInFlight++;
    this.#framesSent++;
    const taken = link.send(bytes).then(() => {
      this.#framesInFlight--;
      if (this.#hasWork()) this.#schedule();
    });
    detach(taken, (error) => this.#options.onBroken(error));
  }

  /** One bad message must not take its frame down: when packing fails, whatever cannot be packed is buried. */
  #encode(
    letters: Letter<Message>[],
    replies: unknown[],
    finished: number[],
  ): Uint8Array<ArrayBuffer> | undefined {
    try {
      return this.#options.codec.encode({ letters: flat(letters), replies, finished });
    } catch {
      const sound = letters.filter((letter) => this.#isSound(letter));
      return this.#options.codec.encode({
        letters: flat(sound),
        replies: this.#soundReplies(replies),
        finished,
      });
    }
  }

  #isSound(letter: Letter<Message>): boolean {
    const error = this.#packingError({ letters: flat([letter]), replies: [], finished: [] });
    if (error === undefined) return true;
    this.#options.letterbox.bury(letter, 'unpackable', notData(letter.message.kind, error));
    return false;
  }

  #soundReplies(replies: unknown[]): unknown[] {
    const sound: unknown[] = [];
    for (let index = 0; index < replies.length; index += 3) {
      const reply = replies.slice(index, index + 3) as ReplyFields;
      const error = this.#packingError({ letters: [], replies: reply, finished: [] });
      if (error === undefined) sound.push(...reply);
      else sound.push(reply[0], replyFailed, notData('reply', error).failure);
    }
    return sound;
  }

  #packingError(frame: Frame): unknown {
    try {
      this.#options.codec.encode(frame);
      return undefined;
    } catch (error) {
      return error ?? new Error('unknown');
    }
  }
}

function flat(letters: readonly Letter<Message>[]): unknown[] {
  const fields: unknown[] = [];
  for (const { id, deadlineMs, message } of letters) fields.push(id, deadlineMs, message);
  return fields;
}

const notData = (kind: string, error: unknown): AppError =>
  new AppError('internal', `${kind} is not plain data and cannot cross threads: ${String(error)}`);

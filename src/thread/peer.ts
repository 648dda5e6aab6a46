/**
 * One end of a link at work: gathers what is said in one tick into a frame, sends within its credit, and takes
 * the other side's frames apart. Made per incarnation of a thread by host and guest alike; the letterbox
 * behind it outlives it on the host. After `close` nothing more is sent or received.
 */
import type { Letterbox } from '../actor/letterbox.ts';
import type { Letter, Message } from '../actor/protocol.ts';
import { detach } from '../detach.ts';
import { type Failure, fromFailure } from '../errors.ts';
import type { Codec, Frame } from './codec.ts';
import { frameEntriesMax, framesInFlightMax, splitFromLetters } from './limits.ts';
import type { FrameBytes, Link } from './link.ts';
import { Outgoing } from './outgoing.ts';

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
  readonly #outgoing: Outgoing;
  #link: Link | undefined;
  #isFlushDue = false;
  /** Frames being taken: what is said meanwhile goes back with their credit. */
  #deliveries = 0;
  #framesInFlight = 0;
  #framesTaken = 0;
  readonly #early = new Map<number, Frame>();

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#outgoing = new Outgoing(options.codec, options.letterbox);
  }

  get framesSent(): number {
    return this.#outgoing.framesPacked;
  }

  /** From now on frames flow, except that letters wait for `release`. */
  attach(link: Link): void {
    this.#link = link;
    this.#schedule();
  }

  /** The other side is ready for letters; what was posted before goes first. */
  release(): void {
    this.#outgoing.release();
    this.#schedule();
  }

  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  post(letter: Letter<Message>): void {
    this.#outgoing.letter(letter);
    this.#schedule();
  }

  /** Letters that wait here for credit: the other side has certainly not seen them. */
  waitingIds(): Set<number> {
    return this.#outgoing.letterIds();
  }

  reply(id: number, value: unknown): void {
    this.#outgoing.reply(id, value);
    this.#schedule();
  }

  fail(id: number, failure: Failure): void {
    this.#outgoing.failure(id, failure);
    this.#schedule();
  }

  finish(id: number): void {
    this.#outgoing.finished(id);
    this.#schedule();
  }

  /** Takes a frame of the other side; resolves to what there is to say in return by the next microtask. */
  async deliver(bytes: FrameBytes): Promise<FrameBytes | undefined> {
    if (this.#link === undefined) return undefined;
    this.#deliveries++;
    this.#take(bytes);
    await undefined;
    this.#deliveries--;
    return this.#outgoing.nextFrame();
  }

  /** Calls and their answers use different ports, so a frame may come early: it waits for those before it. */
  #take(bytes: FrameBytes): void {
    const arrived = this.#decode(bytes);
    if (arrived === undefined) return;
    if (arrived.sequence === this.#framesTaken) {
      for (let frame: Frame | undefined = arrived; frame !== undefined; frame = this.#nextInOrder()) {
        this.#framesTaken++;
        this.#takeAnswers(frame);
        this.#takeLetters(frame.letters);
      }
    } else this.#early.set(arrived.sequence, arrived);
    this.#options.onFrameEnd();
  }

  #nextInOrder(): Frame | undefined {
    if (this.#early.size === 0) return undefined;
    const frame = this.#early.get(this.#framesTaken);
    this.#early.delete(this.#framesTaken);
    return frame;
  }

  #decode(bytes: FrameBytes): Frame | undefined {
    try {
      return this.#options.codec.decode(bytes);
    } catch (error) {
      this.#options.onBroken(error);
      return undefined;
    }
  }

  #takeAnswers({ replies, failures, finished }: Frame): void {
    const box = this.#options.letterbox;
    for (let at = 0; at < replies.length; at += 2) box.replied(replies[at] as number, replies[at + 1]);
    for (let at = 0; at < failures.length; at += 2) {
      box.failed(failures[at] as number, fromFailure(failures[at + 1] as Failure));
    }
    for (const id of finished) box.finished(id);
  }

  #takeLetters(letters: readonly unknown[]): void {
    const { onLetter } = this.#options;
    for (let at = 0; at < letters.length; at += 3) {
      const [id, deadlineMs] = [letters[at] as number, letters[at + 1] as number];
      onLetter({ id, deadlineMs, message: letters[at + 2] as Message });
    }
  }

  #schedule(): void {
    if (this.#isFlushDue || this.#deliveries > 0 || this.#outgoing.isEmpty) return;
    if (this.#link === undefined || this.#framesInFlight >= framesInFlightMax) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#link !== undefined && this.#framesInFlight < framesInFlightMax) {
      const bytes = this.#outgoing.nextFrame(this.#lettersNow());
      if (bytes === undefined) return;
      this.#send(this.#link, bytes);
    }
  }

  /** Two threads that hand one frame to and fro work by turns: the first of many letters go as two frames. */
  #lettersNow(): number | undefined {
    const { lettersDue } = this.#outgoing;
    if (this.#framesInFlight > 0 || lettersDue < splitFromLetters) return undefined;
    return Math.min(frameEntriesMax, Math.ceil(lettersDue / 2));
  }

  #send(link: Link, bytes: FrameBytes): void {
    this.#framesInFlight++;
    const taken = link.send(bytes).then((answer) => {
      this.#framesInFlight--;
      if (answer !== undefined && this.#link !== undefined) this.#take(answer);
      this.#schedule();
    });
    detach(taken, (error) => this.#options.onBroken(error));
  }
}

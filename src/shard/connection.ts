/**
 * The one socket that an instance may have: opens wait for the end of the old socket and for a handshake
 * slot, and run one after another. Facts of a socket that was replaced meanwhile are dropped here.
 */
import type { AppError } from '../errors.ts';
import type { WaFact, WaSocket } from '../whatsapp/wa-socket.ts';
import type { HandshakeSlots } from './handshake-slots.ts';

export interface ConnectionOptions {
  readonly slots: HandshakeSlots;
  open(onFact: (fact: WaFact) => void): Promise<WaSocket>;
  onFact(fact: WaFact): void;
  onOpenFailed(error: unknown): void;
  /** A transition failed in a way that the lifecycle does not know. */
  onFailure(error: unknown): void;
}

export class Connection {
  #options: ConnectionOptions;
  #socket: WaSocket | null = null;
  /** Counts opens and ends; what belongs to an older one is ignored. */
  #generation = 0;
  /** Aborted when the generation is over. */
  #current = new AbortController();
  #transitions: Promise<void> = Promise.resolve();
  #releaseSlot: () => void = () => undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get socket(): WaSocket | null {
    return this.#socket;
  }

  /** Its instance leaves this thread: nothing is opened here any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when every transition asked for so far is over. */
  async settled(): Promise<void> {
    await this.#transitions;
  }

  open(): void {
    if (this.#isClosed) return;
    const generation = this.#next();
    const { signal } = this.#current;
    this.run(async () => {
      await this.#endSocket();
      // What ends or replaces this open does not wait for its turn: hundreds may be before it.
      const release = await this.#options.slots.take(signal);
      if (!release) return;
      this.#releaseSlot = release;
      if (signal.aborted) release();
      else await this.#openSocket(generation);
    });
  }

  end(): void {
    this.#next();
    this.run(() => this.#endSocket());
  }

  /** Ends for good; resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.end();
    await this.settled();
  }

  logout(): void {
    this.#next();
    this.run(async () => {
      try {
        if (this.#socket?.isOpen) await this.#socket.logout();
      } finally {
        await this.#endSocket();
      }
    });
  }

  /** Runs after the transitions before it, also when one of them failed. */
  run(work: () => Promise<void>): void {
    this.#transitions = this.#transitions.then(work).catch(this.#options.onFailure);
  }

  /** The handshake is over, one way or the other: the next instance may begin. */
  handshakeOver(): void {
    this.#releaseSlot();
  }

  required(why: () => AppError): WaSocket {
    if (!this.#socket) throw why();
    return this.#socket;
  }

  #next(): number {
    this.#current.abort();
    this.#current = new AbortController();
    this.#generation += 1;
    return this.#generation;
  }

  async #openSocket(generation: number): Promise<void> {
    const onFact = (fact: WaFact): void => {
      if (generation === this.#generation) this.#options.onFact(fact);
    };
    try {
      this.#socket = await this.#options.open(onFact);
    } catch (error) {
      this.#releaseSlot();
      if (generation === this.#generation) this.#options.onOpenFailed(error);
    }
  }

  async #endSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    this.#releaseSlot();
    await socket?.end();
  }
}

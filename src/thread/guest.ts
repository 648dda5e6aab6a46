/**
 * The worker side of one thread: `runGuest` is all that an entry under `workers/` calls. It builds the
 * behavior, says ready, runs its turns and beats. A crash here ends the thread on purpose: the uncaught error
 * is what the host sees. Never imported by main-thread code.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ActorContext, Behavior } from '../actor/behavior.ts';
import { Cell, type CellEvents } from '../actor/cell.ts';
import { DeadLetters } from '../actor/dead-letters.ts';
import { Letterbox } from '../actor/letterbox.ts';
import type { AskOptions, Letter, Message, Verdict } from '../actor/protocol.ts';
import { present } from '../assert.ts';
import { systemClock } from '../clock.ts';
import { detach } from '../detach.ts';
import { toFailure } from '../errors.ts';
import { createLog } from '../log.ts';
import { createCodec } from './codec.ts';
import {
  type ControlKind,
  exitSign,
  type GuestBoot,
  type GuestStats,
  isControl,
  readySign,
} from './control.ts';
import { openLink } from './link.ts';
import { Peer } from './peer.ts';
import { Vitals } from './vitals.ts';
import { Pulse } from './wake.ts';

export interface GuestContext<Out extends Message> extends ActorContext {
  /** To the host's `onTell` on the main thread. */
  tell(out: Out): Verdict;
  /** To the host's `onAsk`; rejects like any ask. */
  ask(out: Out, options: AskOptions): Promise<unknown>;
  /** A sign of life from inside long synchronous work, which would otherwise look like a dead loop. */
  progress(): void;
}

export interface GuestOptions {
  /** Turns that may be in progress at their awaits. Default 1: strictly one after the other. */
  readonly concurrency?: number;
}

export type CreateBehavior<B, M, R, Out extends Message> = (
  boot: B,
  guest: GuestContext<Out>,
) => Behavior<M, R> | Promise<Behavior<M, R>>;

export function runGuest<B, M extends Message, R, Out extends Message = never>(
  create: CreateBehavior<B, M, R, Out>,
  options: GuestOptions = {},
): void {
  const guest = new Guest<Out>(workerData as GuestBoot, options);
  detach(
    guest.run((boot, context) => create(boot as B, context) as Promise<Behavior<Message>>),
    crash,
  );
}

/** Thrown outside of every promise, so that it ends the thread and reaches the host's `error` event. */
function crash(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

class Guest<Out extends Message> {
  readonly #boot: GuestBoot;
  readonly #context: ActorContext;
  readonly #concurrency: number;
  readonly #pulse: Pulse;
  readonly #vitals = new Vitals();
  readonly #deadLetters: DeadLetters;
  readonly #letterbox: Letterbox;
  readonly #peer: Peer;
  #behavior: Behavior<Message> | undefined;
  #cell: Cell<Message> | undefined;

  constructor(boot: GuestBoot, options: GuestOptions) {
    const { name } = boot;
    this.#boot = boot;
    this.#concurrency = options.concurrency ?? 1;
    this.#context = { name, clock: systemClock, log: createLog(boot.logLevel, { thread: name }) };
    this.#pulse = new Pulse(boot.pulse);
    this.#deadLetters = new DeadLetters(systemClock, this.#context.log);
    this.#letterbox = new Letterbox({
      name: `host of ${name}`,
      clock: systemClock,
      capacity: boot.outCapacity,
      deadLetters: this.#deadLetters,
      post: (letter) => this.#peer.post(letter),
    });
    this.#peer = new Peer({
      codec: createCodec(boot.shapes),
      letterbox: this.#letterbox,
      onLetter: (letter) => this.#take(letter),
      onFrameEnd: () => this.#cell?.pump(),
      onBroken: crash,
    });
  }

  async run(
    create: (boot: unknown, context: GuestContext<Out>) => Promise<Behavior<Message>>,
  ): Promise<void> {
    systemClock.every(this.#boot.heartbeatPeriodMs, () => this.#pulse.beat());
    const ports = { toPeer: this.#boot.toHost, fromPeer: this.#boot.fromHost };
    // Open before the behavior starts, so that it may already tell its host something.
    this.#peer.attach(openLink(ports, (frame) => this.#peer.deliver(frame)));
    this.#peer.release();
    const behavior = await create(this.#boot.boot, {
      ...this.#context,
      tell: (out) => this.#letterbox.tell(out),
      ask: (out, options) => this.#letterbox.ask(out, options),
      progress: () => this.#pulse.progress(),
    });
    await behavior.start?.();
    this.#behavior = behavior;
    const { mailboxCapacity } = this.#boot;
    const options = { ...this.#context, mailboxCapacity, concurrency: this.#concurrency };
    this.#cell = new Cell(behavior, options, this.#events());
    const port = present(parentPort, 'a guest runs in a worker');
    port.on('message', (sign: unknown) => {
      if (sign === exitSign) process.exit(1);
    });
    port.unref();
    port.postMessage(readySign);
  }

  #take(letter: Letter<Message>): void {
    if (isControl(letter.message.kind)) {
      this.#obey(letter, letter.message.kind);
      return;
    }
    const isTaken = present(this.#cell, 'the host sends letters only to a ready guest').offer(letter);
    if (!isTaken) crash(new Error(`${this.#boot.name}: the host sent more than the mailbox holds`));
  }

  #events(): CellEvents<Message> {
    return {
      replied: (letter, value) =>
        letter.deadlineMs === 0 ? this.#peer.finish(letter.id) : this.#peer.reply(letter.id, value),
      failed: (letter, failure) =>
        letter.deadlineMs === 0 ? this.#peer.finish(letter.id) : this.#peer.fail(letter.id, failure),
      late: (letter) => this.#late(letter),
      crashed: (letter, error) => {
        this.#pulse.enter(letter.id);
        crash(error);
      },
      entered: (letter) => this.#pulse.enter(letter.id),
      left: () => this.#pulse.leave(),
    };
  }

  #late(letter: Letter<Message>): void {
    this.#deadLetters.add('late', this.#boot.name, letter.message.kind);
    this.#peer.finish(letter.id);
  }

  #obey(letter: Letter<Message>, kind: ControlKind): void {
    const answer = this.#control(kind).then((value) => this.#peer.reply(letter.id, value));
    detach(answer, (error) => this.#peer.fail(letter.id, toFailure(error)));
  }

  async #control(kind: ControlKind): Promise<unknown> {
    switch (kind) {
      case '$stats':
        return this.#stats();
      case '$drain':
        await this.#cell?.idle();
        return this.#behavior?.drain?.();
      case '$stop':
        this.#cell?.halt();
        return this.#behavior?.stop?.();
    }
  }

  #stats(): GuestStats {
    const mailbox = this.#cell?.mailbox.stats();
    return {
      ...this.#vitals.read(),
      mailboxDepth: mailbox?.depth ?? 0,
      mailboxDeepest: mailbox?.deepest ?? 0,
      mailboxIsHigh: mailbox?.isHigh ?? false,
      turnsInProgress: this.#cell?.inProgress ?? 0,
      turns: this.#cell?.turns ?? 0,
      outInFlight: this.#letterbox.table.size,
      outRefused: this.#letterbox.refused,
      framesSent: this.#peer.framesSent,
      deadLetters: this.#deadLetters.counts(),
      behavior: this.#behavior?.stats?.() ?? {},
    };
  }
}

/**
 * The main-thread side of one worker thread: a ref that stays valid while incarnations of the worker come and
 * go, and the ordered ways to end it. Supervised as a `ChildSpec`. It holds accepted messages between
 * incarnations; it never decides by itself to start again.
 */
import type { Readable } from 'node:stream';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { type ChildSpec, type Exit, StartFailed } from '../actor/child-spec.ts';
import { DeadLetters } from '../actor/dead-letters.ts';
import { Letterbox } from '../actor/letterbox.ts';
import type { Letter, Message, Ref, Replies } from '../actor/protocol.ts';
import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError, toFailure } from '../errors.ts';
import { errorFields, type Log } from '../log.ts';
import { createCodec, type Shapes } from './codec.ts';
import type { ControlKind, GuestStats } from './control.ts';
import { GuestThread, type ThreadLimits } from './guest-thread.ts';
import * as bounds from './limits.ts';
import { Peer } from './peer.ts';

export interface WorkerSpec<B> {
  readonly name: string;
  readonly entry: URL;
  /** Plain data for `runGuest`; cloned anew for every incarnation. */
  readonly boot: B;
  readonly transfer?: readonly Transferable[];
  readonly resourceLimits?: ResourceLimits;
  /** Messages accepted and not finished by the guest, waiting and in progress. */
  readonly mailboxCapacity: number;
  /** The same for what the guest sends to the host. Default 8,192. */
  readonly outCapacity?: number;
  readonly shapes?: Shapes;
}

export interface HostLimits extends ThreadLimits {
  readonly drainLimitMs: number;
  readonly stopLimitMs: number;
}

export interface HostOptions<Out extends Message> {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadLetters?: DeadLetters;
  readonly limits?: Partial<HostLimits>;
  /** What the guest tells. The guest's message counts as finished when this returns or resolves. */
  readonly onTell?: (message: Out) => void | Promise<void>;
  /** What the guest asks. */
  readonly onAsk?: (message: Out) => unknown;
  /** The thread could not be ended: memory or locks may be held for good. The owner ends the process. */
  readonly onWedged?: (name: string) => void;
}

/** Counted since the host was made; `inFlight`: accepted by it and not finished by the guest. */
export interface HostLoad {
  readonly messagesInFlight: number;
  readonly asksInFlight: number;
  readonly asksTimedOut: number;
  readonly refused: number;
  readonly starts: number;
}

type State = 'idle' | 'starting' | 'ready' | 'replacing' | 'down' | 'stopped';

export class Host<M extends Message, R extends Replies<M>, Out extends Message = never> implements ChildSpec {
  readonly name: string;
  readonly ref: Ref<M, R>;
  readonly #spec: WorkerSpec<unknown>;
  readonly #options: HostOptions<Out>;
  readonly #limits: HostLimits;
  readonly #letterbox: Letterbox;
  readonly #deadLetters: DeadLetters;
  /** Takes what is posted; without a link it only gathers. */
  #peer: Peer;
  #thread: GuestThread | undefined;
  #state: State = 'idle';
  #ready = Promise.withResolvers<void>();
  #starts = 0;
  #ending: Promise<void> | undefined;
  /** The last incarnation whose open letters have been dealt with. */
  #lostThread: GuestThread | undefined;
  #listener: ((exit: Exit) => void) | undefined;

  constructor(spec: WorkerSpec<unknown>, options: HostOptions<Out>) {
    this.name = spec.name;
    this.#spec = spec;
    this.#options = options;
    this.#limits = { ...bounds, ...options.limits };
    this.#deadLetters = options.deadLetters ?? new DeadLetters(options.clock, options.log);
    this.#letterbox = new Letterbox({
      name: spec.name,
      clock: options.clock,
      capacity: spec.mailboxCapacity,
      deadLetters: this.#deadLetters,
      post: (letter) => this.#peer.post(letter),
    });
    this.ref = this.#letterbox.ref<R>() as unknown as Ref<M, R>;
    this.#peer = this.#newPeer();
  }

  /** Settles with the start in progress, or the last one. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get state(): State {
    return this.#state;
  }

  /** What the main thread knows of it without asking: for metrics. */
  get load(): HostLoad {
    const { table, refused } = this.#letterbox;
    return {
      messagesInFlight: table.size,
      asksInFlight: table.asksInFlight,
      asksTimedOut: table.timeouts,
      ...{ refused, starts: this.#starts },
    };
  }

  /** The heap of the thread, for a person who hunts a leak. Beyond the silence limit the thread is killed. */
  heapSnapshot(): Promise<Readable> {
    return this.#threadToLookAt().heapSnapshot();
  }

  /** What the thread does until `wait` resolves, for a person who hunts CPU. */
  async cpuProfile(wait: () => Promise<void>): Promise<string> {
    const thread = this.#threadToLookAt();
    try {
      return await thread.cpuProfile(wait);
    } catch (error) {
      throw new AppError('actor_restarted', `${this.name} ended while it was profiled: ${String(error)}`);
    }
  }

  #threadToLookAt(): GuestThread {
    if (this.#thread && this.#state === 'ready') return this.#thread;
    throw new AppError('actor_restarted', `${this.name} is ${this.#state}: there is nothing to look at`);
  }

  start(): Promise<void> {
    assert(this.#state === 'idle' || this.#state === 'down', `${this.name}: start while ${this.#state}`);
    this.#state = 'starting';
    this.#letterbox.setRefusal('none');
    this.#spawn();
    return this.#ready.promise;
  }

  drain(): Promise<void> {
    this.#letterbox.setRefusal('stopped');
    this.#ending ??= this.#end(true);
    return this.#ending;
  }

  stop(): Promise<void> {
    this.#letterbox.setRefusal('stopped');
    this.#ending ??= this.#end(false);
    return this.#ending;
  }

  async #end(isDrained: boolean): Promise<void> {
    if (this.#state === 'ready' && isDrained)
      await this.#control('$drain', this.#limits.drainLimitMs, this.#peer);
    if (this.#state === 'ready') await this.#control('$stop', this.#limits.stopLimitMs, this.#peer);
    await this.kill('stopped');
  }

  /** Ends the thread at once and for good; what was accepted and not finished becomes dead letters. */
  async kill(reason = 'killed'): Promise<void> {
    this.abandon();
    await this.#thread?.kill(reason);
  }

  abandon(): void {
    this.#state = 'stopped';
    this.#letterbox.close();
  }

  async replace(): Promise<void> {
    assert(this.#state === 'ready', `${this.name}: replace while ${this.#state}`);
    this.#state = 'replacing';
    const [old, thread] = [this.#peer, this.#thread];
    this.#peer = this.#newPeer();
    await this.#control('$drain', this.#limits.drainLimitMs, old);
    // It may have crashed meanwhile; then there is nobody left to stop.
    if (this.#lostThread !== thread) await this.#control('$stop', this.#limits.stopLimitMs, old);
    await thread?.kill('replaced');
    if (this.#state !== 'replacing') return;
    this.#state = 'starting';
    this.#spawn();
    await this.#ready.promise;
  }

  /** Ends the thread as a crash would, for tests and for an operator: its supervisor starts it again. */
  async crash(): Promise<void> {
    await this.#thread?.kill('killed');
  }

  onExit(listener: (exit: Exit) => void): void {
    this.#listener = listener;
  }

  async stats(): Promise<Record<string, unknown>> {
    const guest = this.#state === 'ready' ? await this.#guestStats() : undefined;
    return {
      state: this.#state,
      ...this.load,
      liveness: this.#thread?.verdict ?? 'dead',
      elu: this.#thread?.elu ?? 0,
      eluSinceStart: this.#thread?.eluSinceStart() ?? 0,
      mailboxCapacity: this.#spec.mailboxCapacity,
      guest: guest ?? null,
    };
  }

  #spawn(): void {
    const spec = this.#spec;
    const peer = this.#peer;
    this.#starts++;
    this.#ready = Promise.withResolvers<void>();
    this.#ready.promise.catch(() => undefined);
    const thread = new GuestThread(
      {
        ...spec,
        transfer: spec.transfer ?? [],
        resourceLimits: spec.resourceLimits,
        outCapacity: spec.outCapacity ?? bounds.outCapacityDefault,
        shapes: spec.shapes ?? {},
      },
      { clock: this.#options.clock, log: this.#options.log, limits: this.#limits },
      {
        onFrame: (frame) => peer.deliver(frame),
        onReady: () => this.#becameReady(peer),
        onDying: () => this.#lost(thread),
        onEnd: (exit) => this.#ended(thread, exit),
        onWedged: () => this.#wedged(),
      },
    );
    this.#thread = thread;
    peer.attach(thread.link);
  }

  #becameReady(peer: Peer): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    peer.release();
    this.#ready.resolve();
  }

  #ended(thread: GuestThread, exit: Exit): void {
    if (exit.reason === 'replaced') return;
    const isForGood = this.#state === 'stopped';
    const isReplacing = this.#state === 'replacing';
    if (!isForGood) this.#lost(thread);
    // Whoever awaits `replace` goes on from here by itself.
    if (isReplacing) return;
    this.#thread = undefined;
    if (!exit.wasReady) this.#ready.reject(new StartFailed(this.name, exit));
    else if (!isForGood) this.#report(exit);
  }

  #report(exit: Exit): void {
    if (this.#listener === undefined) this.abandon();
    else this.#listener(exit);
  }

  /** Nothing more will come from this incarnation: asks fail now, tells wait for the next one. */
  #lost(thread: GuestThread): void {
    if (this.#lostThread === thread) return;
    this.#lostThread = thread;
    const waiting = this.#peer.waitingIds();
    this.#peer.close();
    this.#peer = this.#newPeer();
    if (this.#state !== 'replacing') {
      this.#state = 'down';
      this.#letterbox.setRefusal('restarting');
    }
    for (const tell of this.#letterbox.died(thread.pulse.turn, (id) => !waiting.has(id)))
      this.#peer.post(tell);
  }

  #wedged(): void {
    this.#options.log.fatal({ actor: this.name }, 'terminate() does not resolve: the process is wedged');
    this.#options.onWedged?.(this.name);
  }

  #newPeer(): Peer {
    const peer: Peer = new Peer({
      codec: createCodec(this.#spec.shapes),
      letterbox: this.#letterbox,
      // The answer goes back by the peer that the letter came by, never by that of a later incarnation.
      onLetter: (letter) => this.#take(peer, letter),
      onFrameEnd: () => undefined,
      onBroken: (error) => this.#broken(error),
    });
    return peer;
  }

  #broken(error: unknown): void {
    this.#options.log.error({ actor: this.name, error: errorFields(error) }, 'a frame could not cross');
    const ended = this.#thread?.kill('link_broken');
    if (ended !== undefined) detach(ended, () => undefined);
  }

  #take(peer: Peer, letter: Letter<Message>): void {
    const finished = this.#listen(letter).then((value) => {
      if (letter.deadlineMs === 0) peer.finish(letter.id);
      else peer.reply(letter.id, value);
    });
    detach(finished, (error) => {
      if (letter.deadlineMs !== 0) {
        peer.fail(letter.id, toFailure(error));
        return;
      }
      this.#deadLetters.add('listener_failed', this.name, letter.message.kind, String(error));
      peer.finish(letter.id);
    });
  }

  async #listen(letter: Letter<Message>): Promise<unknown> {
    const { onTell, onAsk } = this.#options;
    const message = letter.message as Out;
    return letter.deadlineMs === 0 ? onTell?.(message) : onAsk?.(message);
  }

  async #control(kind: ControlKind, limitMs: number, peer: Peer): Promise<unknown> {
    try {
      return await this.#letterbox.askControl({ kind }, limitMs, (letter) => peer.post(letter));
    } catch (error) {
      this.#options.log.warn({ actor: this.name, kind, error: errorFields(error) }, 'a guest did not obey');
      return undefined;
    }
  }

  async #guestStats(): Promise<GuestStats | undefined> {
    return (await this.#control('$stats', bounds.statsLimitMs, this.#peer)) as GuestStats | undefined;
  }
}

/** Makes the host of one worker, not yet started: a child spec for a supervisor. */
export function createHost<B, M extends Message, R extends Replies<M>, Out extends Message = never>(
  spec: WorkerSpec<B>,
  options: HostOptions<Out>,
): Host<M, R, Out> {
  return new Host<M, R, Out>(spec, options);
}

/** Makes the host and starts it; `ready` settles with the start. Without a supervisor it is started once. */
export function startHost<B, M extends Message, R extends Replies<M>, Out extends Message = never>(
  spec: WorkerSpec<B>,
  options: HostOptions<Out>,
): Host<M, R, Out> {
  const host = createHost<B, M, R, Out>(spec, options);
  detach(host.start(), (error) =>
    options.log.error({ actor: spec.name, error: errorFields(error) }, 'not started'),
  );
  return host;
}

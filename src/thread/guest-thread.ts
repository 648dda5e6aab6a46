/**
 * One incarnation of a guest: a worker with fresh ports and a fresh pulse, from spawn to its end. Made by
 * `Host` for every start. It reports its end exactly once, after the thread is really gone, so that two
 * incarnations never own the same things; a thread that cannot be ended is reported as wedged instead.
 */
import type { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import type { Exit } from '../actor/child-spec.ts';
import type { Clock, Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import type { Log, LogLevel } from '../log.ts';
import type { Shapes } from './codec.ts';
import { exitSign, type GuestBoot, readySign } from './control.ts';
import { exitLimitMs } from './limits.ts';
import { type Link, type OnFrame, openLink } from './link.ts';
import { firstSight, judge, type Liveness, type LivenessLimits } from './liveness.ts';
import { createPulse, Pulse } from './wake.ts';

/**
 * `--max-old-space-size` of the process is V8's for every isolate to come and beats `resourceLimits`: a shard
 * meant for 2 GB got the 8 of the main thread. Once this thread has its heap, the flag is only in the way.
 */
const freeHeapLimits = (): void => setFlagsFromString('--max-old-space-size=0');

export interface ThreadSpec {
  readonly name: string;
  readonly entry: URL;
  readonly boot: unknown;
  readonly transfer: readonly Transferable[];
  readonly resourceLimits: ResourceLimits | undefined;
  readonly mailboxCapacity: number;
  readonly outCapacity: number;
  readonly shapes: Shapes;
}

export interface ThreadLimits extends LivenessLimits {
  readonly readyLimitMs: number;
  readonly terminateLimitMs: number;
}

export interface ThreadEvents {
  onFrame: OnFrame;
  onReady(): void;
  /** The thread is being ended because it is past saving; its end is reported when it is gone. */
  onDying(): void;
  onEnd(exit: Exit): void;
  onWedged(): void;
}

export interface ThreadContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ThreadLimits;
}

export class GuestThread {
  readonly link: Link;
  readonly pulse: Pulse;
  readonly #spec: ThreadSpec;
  readonly #context: ThreadContext;
  readonly #events: ThreadEvents;
  readonly #worker: Worker;
  readonly #timers: Timer[] = [];
  #readyAtMs = 0;
  #isReady = false;
  #isOver = false;
  #error: unknown;
  #killReason: string | undefined;
  #killing: Promise<void> | undefined;
  #liveness: Liveness;
  #recentElu = 0;
  #elu: ReturnType<Worker['performance']['eventLoopUtilization']>;

  constructor(spec: ThreadSpec, context: ThreadContext, events: ThreadEvents) {
    this.#spec = spec;
    this.#context = context;
    this.#events = events;
    const [toGuest, toHost] = [new MessageChannel(), new MessageChannel()];
    const memory = createPulse();
    this.pulse = new Pulse(memory);
    this.#worker = this.#spawn(memory, toHost.port1, toGuest.port2);
    this.link = openLink({ toPeer: toGuest.port1, fromPeer: toHost.port2 }, (frame) => events.onFrame(frame));
    this.#liveness = firstSight(context.clock.elapsed(), this.pulse.signs);
    this.#elu = this.#worker.performance.eventLoopUtilization();
    this.#listen();
    this.#timers.push(context.clock.after(context.limits.readyLimitMs, () => this.#neverReady()));
  }

  get verdict(): Liveness['verdict'] {
    return this.#liveness.verdict;
  }

  /** Utilization of its loop between the last two looks, seen from here: works while the guest is stuck. */
  get elu(): number {
    return this.#recentElu;
  }

  eluSinceStart(): number {
    return this.#worker.performance.eventLoopUtilization().utilization;
  }

  /** Its heap as V8 writes it; the thread stands still until it is made. */
  heapSnapshot(): Promise<Readable> {
    return this.#worker.getHeapSnapshot();
  }

  /** What it does until `wait` resolves, as V8 writes it. */
  async cpuProfile(wait: () => Promise<void>): Promise<string> {
    const profile = await this.#worker.startCpuProfile();
    await wait();
    return profile.stop();
  }

  /** Ends the thread. Resolves when it is gone or found to be wedged. */
  kill(reason: string): Promise<void> {
    this.#killReason ??= reason;
    this.#killing ??= this.#terminate();
    return this.#killing;
  }

  #spawn(pulse: SharedArrayBuffer, toHost: GuestBoot['toHost'], fromHost: GuestBoot['fromHost']): Worker {
    const { name, entry, boot, transfer, resourceLimits, mailboxCapacity, outCapacity, shapes } = this.#spec;
    const { log, limits } = this.#context;
    const workerData: GuestBoot = {
      ...{ name, boot, toHost, fromHost, pulse, mailboxCapacity, outCapacity, shapes },
      heartbeatPeriodMs: limits.heartbeatPeriodMs,
      logLevel: log.level as LogLevel,
    };
    freeHeapLimits();
    return new Worker(entry, {
      name,
      workerData,
      transferList: [toHost, fromHost, ...transfer],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
  }

  #listen(): void {
    this.#worker.on('message', (sign: unknown) => {
      if (sign === readySign) this.#becameReady();
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#worker.on('exit', (code) => this.#ended(code));
  }

  #becameReady(): void {
    if (this.#killReason !== undefined || this.#isOver) return;
    const { clock, limits } = this.#context;
    this.#isReady = true;
    this.#readyAtMs = clock.elapsed();
    this.#liveness = firstSight(this.#readyAtMs, this.pulse.signs);
    this.#timers.push(clock.every(limits.heartbeatPeriodMs, () => this.#look()));
    this.#events.onReady();
  }

  #look(): void {
    const { clock, limits } = this.#context;
    const now = this.#worker.performance.eventLoopUtilization();
    const { utilization } = this.#worker.performance.eventLoopUtilization(now, this.#elu);
    this.#elu = now;
    this.#recentElu = utilization;
    const look = { atMs: clock.elapsed(), signs: this.pulse.signs, elu: utilization };
    this.#liveness = judge(this.#liveness, look, limits);
    if (this.#liveness.verdict === 'dead' && this.#killReason === undefined) this.#giveUp('silent');
  }

  #neverReady(): void {
    if (!this.#isReady && this.#killReason === undefined) this.#giveUp('never_ready');
  }

  #giveUp(reason: string): void {
    this.#context.log.error({ actor: this.#spec.name, reason, turn: this.pulse.turn }, 'a thread is killed');
    this.#events.onDying();
    detach(this.kill(reason), (error) =>
      this.#context.log.error({ error: String(error) }, 'terminate failed'),
    );
  }

  /**
   * A live loop ends itself first: `terminate()` that strikes inside a native call of lmdb-js aborts the whole
   * process (seen on Node 24.21: napi_throw in a terminating thread). Only a thread that does not listen is
   * terminated, and that one is stuck in code of its own.
   */
  async #terminate(): Promise<void> {
    if (this.#isReady && this.#liveness.verdict !== 'dead' && (await this.#exitedByItself())) return;
    const { limits } = this.#context;
    if (!(await this.#within(this.#worker.terminate(), limits.terminateLimitMs))) this.#events.onWedged();
  }

  #exitedByItself(): Promise<boolean> {
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage(exitSign);
    return this.#within(gone, exitLimitMs);
  }

  async #within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
    const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#context.clock.after(limitMs, () => resolve(false), 'foreground');
    const isInTime = await Promise.race([work.then(() => true), tooLate]);
    timer.cancel();
    return isInTime;
  }

  #ended(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) timer.cancel();
    this.link.close();
    const wasReady = this.#isReady;
    const servedMs = wasReady ? this.#context.clock.elapsed() - this.#readyAtMs : 0;
    const error = this.#error ?? new Error(`${this.#spec.name}: the thread ended with code ${code}`);
    this.#events.onEnd({ reason: this.#reason(), error, wasReady, servedMs });
  }

  #reason(): string {
    if (this.#killReason !== undefined) return this.#killReason;
    if (this.#error === undefined) return 'exited';
    return (this.#error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'heap_exhausted'
      : 'crashed';
  }
}

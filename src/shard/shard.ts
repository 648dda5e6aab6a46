/**
 * The shard actor: owns a slice of the instances and what they share in this thread (number cache, handshake
 * slots, event outlet). Runs in a worker thread; routes commands to instances and tells the main thread what
 * changed. Never touches HTTP or another shard.
 */

import type { TurnContext } from '../actor/behavior.ts';
import type { Verdict } from '../actor/protocol.ts';
import { AssertionFailed, unreachable } from '../assert.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { handshakesPerShard, numberMissTtlMs, pairingReadyTimeoutMs } from '../limits.ts';
import { errorFields, type Log } from '../log.ts';
import { forgetInstance, type KeptMedia } from '../media/kept.ts';
import { dropInstance, dropOutgoing } from '../media/spool.ts';
import type { MetricRegistry } from '../monitoring/metrics.ts';
import type { ThreadProbe } from '../monitoring/thread-metrics.ts';
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { EventFrame, EventRecord } from '../protocol/events.ts';
import {
  type InstanceState,
  type InstanceStatus,
  initialStatus,
  instanceStates,
} from '../protocol/instance.ts';
import type { ShardCommand, ShardFact, ShardReplies } from '../protocol/shard.ts';
import type { Store } from '../store/ports.ts';
import { SequenceClock } from '../store/sequence.ts';
import { createCacheBoard, socketCacheKinds } from '../whatsapp/cache-board.ts';
import type { WaSocket } from '../whatsapp/wa-socket.ts';
import type { InstanceEnvironment, InstanceSocketOptions } from './environment.ts';
import { EventOutlet } from './event-outlet.ts';
import { HandshakeSlots } from './handshake-slots.ts';
import { Instance } from './instance.ts';
import { MediaKeeper } from './media-keeper.ts';
import { NumberCache } from './number-cache.ts';
import { Roster } from './roster.ts';
import { createShardMetrics, registerShardGauges } from './shard-metrics.ts';

export interface ShardOptions {
  readonly shard: number;
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: MetricRegistry;
  readonly probe: ThreadProbe;
  /** Files of messages that are kept; null: they are left to WhatsApp. */
  readonly kept: KeptMedia | null;
  openSocket(options: InstanceSocketOptions): Promise<WaSocket>;
  pushFrame(frame: EventFrame): void;
  tell(fact: ShardFact): Verdict;
}

type Of<K extends ShardCommand['kind']> = Extract<ShardCommand, { kind: K }>;

export class Shard {
  #options: ShardOptions;
  #roster = new Roster();
  /** One takeover or release of an instance after the other. */
  #placing = new KeyedLock();
  #sequence: SequenceClock;
  #environment: InstanceEnvironment;
  #keeper: MediaKeeper | null;
  #isWatched = false;
  /** Instances whose counters moved since they were last told. */
  #counted = new Set<HasStatus>();

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#sequence = new SequenceClock(options.shard);
    this.#environment = this.#makeEnvironment();
    this.#keeper = this.#makeKeeper();
    registerShardGauges(options.registry, {
      states: () => this.#states(),
      outgoingDepth: () => sum(this.#roster.all().map((one) => one.outgoingDepth)),
      mediaWaiting: () => this.#keeper?.depth ?? 0,
      handshakesWaiting: () => this.#environment.slots.waiting,
      silentSecondsMax: () => this.#silentSecondsMax(),
      numbers: this.#environment.numbers,
      caches: this.#environment.caches,
    });
  }

  get size(): number {
    return this.#roster.size;
  }

  async receive(command: ShardCommand, _context?: TurnContext): Promise<ShardReplies[ShardCommand['kind']]> {
    switch (command.kind) {
      case 'HostInstance':
        return this.#placing.run(command.config.id, () => this.#host(command));
      case 'ReleaseInstance':
        return this.#placing.run(command.instance, () => this.#release(command));
      case 'FinishHosting':
        this.#roster.finish();
        return null;
      case 'ConfigureInstance':
        (await this.#roster.find(command.config.id)).configure(command.config);
        return null;
      case 'ConfigureGlobalWebhook':
        this.#environment.outlet.setGlobalWebhook(command.webhook);
        return null;
      case 'WatchEvents':
        this.#isWatched = command.isWatched;
        return null;
      case 'ClearCaches':
        return this.#clearCaches(command);
      case 'CollectMetrics':
        return this.#options.probe.report();
      case 'CollectGarbage':
        return collectGarbage();
      default:
        return this.#guarded(command.kind, async () =>
          this.#command(command, await this.#roster.find(command.instance)),
        );
    }
  }

  /**
   * A fault of one instance (a library threw what nobody expected) fails its command and is logged; the other
   * instances of the thread go on. A broken invariant still ends the thread.
   */
  async #guarded<T>(kind: string, turn: () => Promise<T>): Promise<T> {
    try {
      return await turn();
    } catch (error) {
      if (error instanceof AppError || error instanceof AssertionFailed) throw error;
      this.#options.log.error({ kind, error: errorFields(error) }, 'command failed unexpectedly');
      throw new AppError(
        'internal',
        `${kind} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #command(
    command: Exclude<ShardCommand, Of<SharedCommand>>,
    instance: Instance,
  ): Promise<ShardReplies[ShardCommand['kind']]> | ShardReplies[ShardCommand['kind']] {
    switch (command.kind) {
      case 'ConnectInstance':
        return instance.connect();
      case 'DisconnectInstance':
        return instance.disconnect();
      case 'RestartInstance':
        return instance.restart();
      case 'LogoutInstance':
        return instance.logout();
      case 'HoldInstance':
        return instance.hold(command.isHeld);
      case 'GetQr':
        return instance.getQr(command.waitMs);
      case 'RequestPairingCode':
        return instance.requestPairingCode(command.phone);
      case 'SendMessage':
        return instance.send(command);
      case 'CheckNumbers':
        return instance.checkNumbers(command.numbers);
      case 'Perform':
        return this.#perform(command, instance);
      default:
        return unreachable(command);
    }
  }

  async #perform({ action }: Of<'Perform'>, instance: Instance): Promise<ActionReply<ActionKind>> {
    if (this.#keeper && isFetchMedia(action)) {
      const found = await this.#keeper.find(instance.id, action.input);
      if (found) return found;
    }
    return instance.perform(action);
  }

  /** Stops every instance, so that nothing is in flight when the thread ends. */
  async stop(): Promise<void> {
    await Promise.all(this.#roster.all().map((instance) => instance.stop()));
  }

  async #host({ config, connect, isHeld }: Of<'HostInstance'>): Promise<InstanceStatus> {
    const hosted = this.#roster.get(config.id);
    if (hosted) {
      hosted.configure(config);
      return hosted.hold(isHeld);
    }
    const { store, clock } = this.#options;
    this.#sequence.observe(await store.outbox.lastSeq(config.id));
    const status = (await store.instances.status(config.id)) ?? initialStatus(config.id, clock.now());
    const instance = new Instance(config, status, this.#environment);
    await instance.start(connect, isHeld);
    this.#roster.add(instance);
    return instance.status;
  }

  async #release({ instance: id, logout, erase }: Of<'ReleaseInstance'>): Promise<null> {
    const instance = this.#roster.get(id);
    if (logout) instance?.logout();
    this.#roster.leave(id);
    await instance?.stop();
    this.#roster.remove(id);
    if (!erase) return null;
    const { store, config } = this.#options;
    await store.eraseInstance(id);
    await Promise.all([dropInstance(config.dataDir, id), forgetInstance(config.dataDir, id)]);
    return null;
  }

  #clearCaches({ caches, instance }: Of<'ClearCaches'>): Readonly<Record<string, number>> {
    const { numbers, caches: board } = this.#environment;
    const kinds = socketCacheKinds.filter((kind) => caches.includes(kind));
    const cleared = Object.fromEntries(kinds.map((kind) => [kind, board[kind].clear(instance)]));
    return caches.includes('numbers') ? { ...cleared, numbers: numbers.clear() } : cleared;
  }

  #makeEnvironment(): InstanceEnvironment {
    const { shard, config, store, clock, log, openSocket, pushFrame } = this.#options;
    return {
      store,
      clock,
      log,
      openSocket,
      policy: {
        delayMsMin: config.reconnectDelayMsMin,
        delayMsMax: config.reconnectDelayMsMax,
        random: () => clock.random(),
        now: () => clock.now(),
      },
      outlet: new EventOutlet({
        shard,
        clock,
        sequence: this.#sequence,
        sinks: {
          push: pushFrame,
          watch: (events) => this.#watch(events),
          stored: (writes) => this.#keeper?.stored(writes),
        },
      }),
      slots: new HandshakeSlots(handshakesPerShard),
      numbers: new NumberCache({
        entriesMax: Math.ceil(config.numberCacheMax / config.shards),
        ttlMs: config.numberCacheTtlMs,
        missTtlMs: numberMissTtlMs,
      }),
      caches: createCacheBoard(),
      metrics: createShardMetrics(this.#options.registry),
      limits: { pairingReadyTimeoutMs, messageAgeMsMax: config.messages.ageMs },
      releaseMedia: (content) => {
        if ('media' in content) detach(dropOutgoing(config.dataDir, content.media.file), () => undefined);
      },
      tellChanged: (instance) => this.#tellChanged(instance),
      counted: (instance) => this.#count(instance),
    };
  }

  #makeKeeper(): MediaKeeper | null {
    const { config, store, clock, log, kept } = this.#options;
    if (!kept) return null;
    return new MediaKeeper({
      ...{ kept, store, clock, log, dataDir: config.dataDir },
      fetch: async (id, input) => (await this.#roster.find(id)).perform({ kind: 'FetchMedia', input }),
      counted: (result) => this.#environment.metrics.media(result),
    });
  }

  #watch(events: readonly EventRecord[]): void {
    if (this.#isWatched) this.#options.tell({ kind: 'EventsMade', events });
  }

  #silentSecondsMax(): number {
    const open = this.#roster.all().filter(({ status }) => status.state === 'open');
    const heard = open.flatMap(({ status }) => status.lastInboundAt ?? []);
    return heard.length === 0 ? 0 : (this.#options.clock.now() - Math.min(...heard)) / 1_000;
  }

  #states(): Record<InstanceState, number> {
    const states = Object.fromEntries(instanceStates.map((state) => [state, 0])) as Record<
      InstanceState,
      number
    >;
    for (const { status } of this.#roster.all()) states[status.state] += 1;
    return states;
  }

  #tellChanged(instance: HasStatus): void {
    this.#keeper?.changed(instance.status);
    const verdict = this.#options.tell({ kind: 'InstanceChanged', status: instance.status });
    if (verdict === 'full') this.#count(instance);
  }

  /** Counters, and what the main thread could not take, are told at most once a second. */
  #count(instance: HasStatus): void {
    this.#counted.add(instance);
    if (this.#counted.size === 1) this.#options.clock.after(1_000, () => this.#tellCounted());
  }

  #tellCounted(): void {
    const counted = [...this.#counted];
    this.#counted.clear();
    for (const instance of counted) this.#tellChanged(instance);
  }
}

const isFetchMedia = (action: Action): action is Action<'FetchMedia'> => action.kind === 'FetchMedia';

interface HasStatus {
  readonly status: InstanceStatus;
}

type SharedCommand =
  | 'HostInstance'
  | 'ReleaseInstance'
  | 'FinishHosting'
  | 'ConfigureInstance'
  | 'ConfigureGlobalWebhook'
  | 'WatchEvents'
  | 'ClearCaches'
  | 'CollectMetrics'
  | 'CollectGarbage';

function collectGarbage(): ShardReplies['CollectGarbage'] {
  const heapBytesBefore = process.memoryUsage().heapUsed;
  globalThis.gc?.();
  return { heapBytesBefore, heapBytesAfter: process.memoryUsage().heapUsed };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

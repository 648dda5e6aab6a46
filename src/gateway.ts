/**
 * Composition root: store, directory, actors, front. `startGateway` is what main.ts and the e2e tests call;
 * `stop` refuses new work, finishes what runs and closes in order. No logic of its own beyond that order.
 */
import { readFileSync } from 'node:fs';
import { startCanary } from './actor/canary.ts';
import type { Move } from './actor/placement.ts';
import { type Clock, systemClock, type Timer, yieldTurn } from './clock.ts';
import type { Config } from './config.ts';
import { detach } from './detach.ts';
import { registerActorMetrics } from './directory/actor-metrics.ts';
import { Actors } from './directory/actors.ts';
import { GatewayCommands } from './directory/commands.ts';
import { Credentials, loadAdminKey } from './directory/credentials.ts';
import { Directory } from './directory/directory.ts';
import { EventFeed } from './directory/event-feed.ts';
import { openOperations, type RunningOperations } from './directory/open-operations.ts';
import { OutboxGate } from './directory/outbox-gate.ts';
import { Overview } from './directory/overview.ts';
import type { Hosts } from './directory/owners.ts';
import { InstanceTransfers } from './directory/transfers.ts';
import { type Front, startFront } from './http/front.ts';
import { KeyedLock } from './keyed-lock.ts';
import { eluPeriodMs, expiryPeriodMs } from './limits.ts';
import { createLog, errorFields, type Log } from './log.ts';
import { rotateLogs } from './log-files.ts';
import { Intake } from './media/intake.ts';
import { forgetting, openKeptMedia } from './media/kept.ts';
import { KeptSweep } from './media/kept-sweep.ts';
import { keptSweepPeriodMs, orphanAgeMs, sweepPeriodMs } from './media/limits.ts';
import { type MediaPool, startMediaPool } from './media/pool.ts';
import { sweepOutgoing } from './media/spool.ts';
import { createHttpMetrics } from './monitoring/http-metrics.ts';
import { createMetricRegistry, type MetricRegistry } from './monitoring/metrics.ts';
import { registerProcessMetrics } from './monitoring/process-metrics.ts';
import { startThreadProbe } from './monitoring/thread-metrics.ts';
import { storeIdentity, storeOptions } from './store/identity.ts';
import { openStore } from './store/lmdb/open.ts';
import type { Store } from './store/ports.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly log?: Log;
  /** The process can no longer be trusted (a wedged thread, a shard that dies again and again). */
  onFatal(reason: string): void;
}

export interface Gateway {
  /** Where the REST API listens. */
  readonly url: string;
  /** The admin key in clear, where this start made it. */
  readonly madeKey: string | null;
  readonly commands: GatewayCommands;
  readonly actors: Actors;
  readonly operations: RunningOperations;
  /** Resolves when every shard has its instances (they open by themselves, staggered). */
  readonly hosted: Promise<void>;
  /** Refuses new work, finishes what runs, closes in order. Idempotent. */
  stop(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The main thread's log; with LOG_DIR it and those of all threads go to rotated files. */
function openLog(config: Config, clock: Clock): Log {
  const { logDir, logLevel, logFileMaxMb, logFileMaxHours, logFilesMax } = config;
  const limits = {
    maxBytes: logFileMaxMb * 1_048_576,
    maxAgeMs: logFileMaxHours * 3_600_000,
    filesMax: logFilesMax,
  };
  if (logDir !== null)
    rotateLogs(logDir, limits, clock, (error) => console.error(`elenco: LOG_DIR: ${String(error)}`));
  return createLog(logLevel, { thread: 'main' });
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, clock = systemClock } = options;
  const log = options.log ?? openLog(config, clock);
  const messagesGone = forgetting(openKeptMedia(config, clock));
  const store = await openStore({ ...storeOptions(config), messagesGone, isOwner: true, clock });
  try {
    return await compose({ ...options, clock, log, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Base = Required<GatewayOptions> & { readonly store: Store };

async function openIntake(config: Config, pool: MediaPool): Promise<Intake> {
  const intake = new Intake({
    dataDir: config.dataDir,
    maxBytes: config.mediaMaxBytes,
    spoolMaxBytes: config.mediaSpoolMaxMb * 1_048_576,
    isPrivateDenied: config.mediaDenyPrivate,
    ffmpeg: config.ffmpegPath,
    pool,
  });
  await intake.open();
  return intake;
}

function logMoves(log: Log, moves: readonly Move[]): void {
  if (moves.length === 0) return;
  const some = { count: moves.length, moves: moves.slice(0, 20) };
  log.info(some, 'shards are uneven: POST /v1/instances/ID/move evens them');
}

/** Also removes what an earlier process left of instances that were deleted. */
function openSweep(config: Config, directory: Directory, registry: MetricRegistry): KeptSweep | null {
  const { mediaStore, dataDir } = config;
  const isInstance = (id: string): boolean => directory.get(id) !== undefined;
  const sweep = mediaStore && new KeptSweep({ dataDir, ...mediaStore, isInstance });
  registry.measured('elenco_media_store_bytes', 'What kept files take', () => sweep?.bytes ?? 0);
  registry.measured('elenco_media_store_files', 'Kept files', () => sweep?.files ?? 0);
  return sweep;
}

async function compose(base: Base): Promise<Gateway> {
  const { config, clock, log, store, onFatal } = base;
  const directory = new Directory(store, clock);
  logMoves(log, await directory.load(config.shards));
  const admin = await loadAdminKey(store, config.apiKey);
  const feed: EventFeed = new EventFeed(store, (isWatched) => actors.watch(isWatched));
  const gate: OutboxGate = new OutboxGate({
    ...{ directory, log, limits: { perInstance: config.outboxMaxPerInstance, total: config.outboxMax } },
    hold: (id, isHeld) => commands.holdInstance(id, isHeld),
  });
  const actors: Actors = new Actors({
    config,
    clock,
    log,
    directory,
    feed,
    onFatal,
    onBacklog: (fact) => gate.told(fact),
    onBacklogUnknown: () => gate.forget(),
  });
  const registry = createMetricRegistry();
  registerProcessMetrics(registry);
  registry.measuredTotal('elenco_dead_letters_total', 'Messages that no actor took', () => {
    const counts = Object.values(actors.deadLetters.counts());
    return counts.reduce((sum, count) => sum + count, 0);
  });
  registerActorMetrics(registry, [actors.webhooks, ...actors.shards]);
  const probe = startThreadProbe('main', registry);
  const overview = new Overview({ directory, actors, probe });
  const hosts: Hosts = {
    ...{ clock, directory, locks: new KeyedLock(), maxInstances: config.maxInstances },
    ...{ shards: actors.shards.map(({ ref }) => ref), webhooks: actors.webhooks.ref },
    shardElus: () => actors.elus,
  };
  const commands = new GatewayCommands({
    ...hosts,
    store,
    credentials: new Credentials(admin.hash, directory),
    health: () => overview.health(),
    prometheus: () => overview.prometheus(),
  });
  const media = startMediaPool({ qrCacheTtlMs: config.qrCacheTtlMs, clock });
  const intake = await openIntake(config, media);
  const sweep = openSweep(config, directory, registry);
  const operations = openOperations({
    ...{ config, clock, log, version, directory, actors, overview, registry, media },
  });
  await actors.start();
  const front = await startFront({
    config,
    commands,
    operations: operations.operations,
    transfers: openTransfers(config, hosts, intake),
    store,
    events: feed,
    media: intake,
    log,
    clock,
    version,
    metrics: createHttpMetrics(registry),
    renderQr: (text, format) => media.renderQr(text, format),
    isDraining: () => overview.isDraining,
  });
  return run({
    ...{ ...base, madeKey: admin.madeKey },
    ...{ actors, overview, commands, media, intake, sweep, front, operations },
  });
}

function openTransfers(config: Config, hosts: Hosts, intake: Intake): InstanceTransfers {
  const { dataDir, dataKey } = config;
  return new InstanceTransfers({
    ...{ ...hosts, dataDir, dataKey, version, identity: storeIdentity(config) },
    pathOf: ({ id }) => intake.spool.path(id),
  });
}

/** Everything past its retention, a bounded number of records at a time. */
async function expireAll(store: Store, clock: Clock): Promise<void> {
  while ((await store.expire(clock.now())) > 0) await yieldTurn();
}

/** Whether the file of this message is still to be sent. */
const isQueued =
  (store: Store) =>
  async (instance: string, id: string): Promise<boolean> =>
    (await store.messages.sent(instance, id))?.view.status === 'queued';

function sweeping({ sweep, clock, log }: Running): Timer[] {
  if (!sweep) return [];
  const run = (): void =>
    detach(sweep.run(clock.now()), (error) =>
      log.error({ error: errorFields(error) }, 'kept files were not swept'),
    );
  run();
  return [clock.every(keptSweepPeriodMs, run)];
}

interface Running extends Base {
  readonly madeKey: string | null;
  readonly actors: Actors;
  readonly overview: Overview;
  readonly commands: GatewayCommands;
  readonly media: MediaPool;
  readonly intake: Intake;
  readonly sweep: KeptSweep | null;
  readonly front: Front;
  readonly operations: RunningOperations;
}

function run(parts: Running): Gateway {
  const { actors, overview, front, clock, store, log, config } = parts;
  const failed = (what: string) => (error: unknown) => log.error({ error: errorFields(error) }, what);
  const hosted = actors.hostAll().then(() => overview.started());
  detach(hosted, failed('instances were not handed to their shards'));
  const timers = [
    clock.every(expiryPeriodMs, () => detach(expireAll(store, clock), failed('expiry failed'))),
    clock.every(sweepPeriodMs, () =>
      detach(
        sweepOutgoing(config.dataDir, clock.now() - orphanAgeMs, isQueued(store)),
        failed('a sweep failed'),
      ),
    ),
    ...sweeping(parts),
    clock.every(eluPeriodMs, () => detach(actors.measure(), failed('load was not measured'))),
    ...parts.operations.start(),
  ];
  const canary = startCanary({
    clock,
    probe: () => store.commit([{ to: 'setting', key: 'canary', value: clock.now() }]),
    onWedged: (waitedMs) =>
      parts.onFatal(`the store has not answered a write for ${Math.round(waitedMs)} ms`),
  });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    overview.draining();
    canary.stop();
    for (const timer of timers) timer.cancel();
    await front.stop();
    await actors.drain();
    await parts.media.stop();
    await parts.intake.close();
    await store.close();
  };
  return {
    url: front.url,
    madeKey: parts.madeKey,
    commands: parts.commands,
    actors,
    operations: parts.operations,
    hosted,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

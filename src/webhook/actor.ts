/**
 * The webhook actor: one thread delivers the events of all instances. Puts the parts together and answers
 * `WebhookCommand`s. Started by `workers/webhook.ts` and by tests in process; it opens nothing itself and
 * must never be the only place where an undelivered event is known.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Behavior } from '../actor/behavior.ts';
import { present, unreachable } from '../assert.ts';
import { type Clock, iso, type Timer } from '../clock.ts';
import type { Config } from '../config.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { uuidv7 } from '../ids.ts';
import { errorFields, type Log } from '../log.ts';
import { createMetricRegistry } from '../monitoring/metrics.ts';
import { startThreadProbe, type ThreadProbe } from '../monitoring/thread-metrics.ts';
import { globalWebhookId } from '../protocol/instance.ts';
import type {
  WebhookBoot,
  WebhookCommand,
  WebhookFact,
  WebhookReplies,
  WebhookTestResult,
} from '../protocol/webhook.ts';
import type { Store } from '../store/ports.ts';
import { buryOld } from './aging.ts';
import { Backlog } from './backlog.ts';
import { Courier } from './courier.ts';
import { Intake } from './intake.ts';
import type { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { sweepPeriodMs } from './limits.ts';
import { isSuccess } from './policy.ts';
import { createPoster, type Poster } from './poster.ts';
import { Schedule } from './schedule.ts';
import { Settlements } from './settlements.ts';
import { targetOf } from './target.ts';
import { createWebhookMetrics, type WebhookMetrics } from './webhook-metrics.ts';

export interface WebhookActorOptions {
  readonly boot: WebhookBoot;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (fact: WebhookFact) => void;
  /** The store belongs to this actor and is closed with it. */
  readonly ownsStore: boolean;
}

type Replies = WebhookReplies[WebhookCommand['kind']];

const posterOf = (
  { webhookTimeoutMs, webhookConcurrency, webhookDenyPrivate }: Config,
  clock: Clock,
): Poster =>
  createPoster({
    timeoutMs: webhookTimeoutMs,
    connectionsPerOrigin: webhookConcurrency,
    isPrivateDenied: webhookDenyPrivate,
    clock,
  });

/** Heap in use before and after a full collection; V8's flag is set at run time, as workers take no flags. */
function collectGarbage(): WebhookReplies['CollectGarbage'] {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytesBefore = process.memoryUsage().heapUsed;
  collect();
  return { heapBytesBefore, heapBytesAfter: process.memoryUsage().heapUsed };
}

export class WebhookActor implements Behavior<WebhookCommand, Replies> {
  readonly #options: WebhookActorOptions;
  readonly #poster: Poster;
  readonly #schedule: Schedule;
  readonly #lanes: Lanes;
  readonly #settlements: Settlements;
  readonly #burials: Settlements;
  readonly #backlog: Backlog;
  readonly #courier: Courier;
  readonly #intake: Intake;
  readonly #metrics: WebhookMetrics;
  readonly #probe: ThreadProbe;
  #intakeRun: Promise<void> | null = null;
  #sweeps: Timer | null = null;
  #isCountStale = true;
  /** Webhooks that are no more: a shard may have made events pending for them until it heard. */
  readonly #removed = new Set<string>();

  constructor(options: WebhookActorOptions) {
    this.#options = options;
    const { boot, store, clock, log, tell } = options;
    const { config } = boot;
    const registry = createMetricRegistry();
    this.#probe = startThreadProbe('webhook', registry);
    this.#poster = posterOf(config, clock);
    this.#schedule = new Schedule(config.webhookConcurrency);
    this.#settlements = new Settlements(store, clock, log);
    this.#burials = new Settlements(store, clock, log);
    this.#backlog = new Backlog(clock, tell, config.outboxMaxPerInstance);
    this.#lanes = new Lanes(store, log, this.#schedule, () => this.#courier.pump());
    this.#metrics = createWebhookMetrics(registry, {
      openBreakers: () => this.#schedule.openBreakers,
      knownEntries: () => this.#lanes.budget.entries,
      unsettled: () => this.#settlements.depth + this.#burials.depth,
    });
    this.#courier = new Courier({
      ...{ store, clock, log, schedule: this.#schedule, lanes: this.#lanes, poster: this.#poster },
      ...{ settlements: this.#settlements, burials: this.#burials },
      ...{ backlog: this.#backlog, metrics: this.#metrics },
      attemptsMax: config.webhookMaxAttempts,
      onBroken: (error) => this.#crash(error),
    });
    this.#intake = new Intake({
      ...{ rings: boot.rings, doorbell: boot.doorbell, clock, lanes: this.#lanes, backlog: this.#backlog },
      onEvents: () => this.#courier.pump(),
      onOverflow: () => {
        this.#isCountStale = true;
        this.#metrics.overflowed();
      },
    });
  }

  /** Everything that was pending is paged; what is pending for webhooks that are no more goes. */
  async start(): Promise<void> {
    const { store, clock } = this.#options;
    this.#intake.discard();
    const [globalWebhook, configs, pending] = [
      await store.instances.globalWebhook(),
      await store.instances.configs(),
      await store.outbox.pendingWebhooks(),
    ];
    if (globalWebhook) this.#lanes.configure(globalWebhookId, globalWebhook);
    for (const { id, webhook } of configs) if (webhook) this.#lanes.configure(id, webhook);
    for (const id of pending) if (!this.#lanes.get(id)) this.#removed.add(id);
    this.#intakeRun = this.#intake.run();
    detach(this.#intakeRun, (error) => this.#crash(error));
    this.#sweeps = clock.every(sweepPeriodMs, () => this.#sweepSoon());
    this.#sweepSoon();
  }

  receive(command: WebhookCommand): unknown {
    switch (command.kind) {
      case 'ConfigureWebhook':
        return this.#configure(command);
      case 'TestWebhook':
        return this.#test(command.webhook);
      case 'ListDeliveries':
        return this.#lanes.configured(command.webhook).log.list(command.status, command.limit);
      case 'PageOutbox':
        return this.#pageOutbox(command.webhook);
      case 'CollectMetrics':
        this.#metrics.measure(this.#lanes.all(), this.#options.clock.now());
        return this.#probe.report();
      case 'CollectGarbage':
        return collectGarbage();
      default:
        return unreachable(command);
    }
  }

  /** Ends deliveries under way (each within its own time-out) and writes what came of them. */
  async drain(): Promise<void> {
    await this.#stopIntake();
    await this.#courier.drain();
    await Promise.all([this.#settlements.idle(), this.#burials.idle()]);
  }

  async stop(): Promise<void> {
    const drained = this.#courier.drain();
    await this.#stopIntake();
    await this.#poster.close();
    await drained;
    this.#settlements.stop();
    this.#burials.stop();
    await Promise.all([this.#settlements.idle(), this.#burials.idle()]);
    for (const lane of this.#lanes.all()) lane.clear();
    this.#backlog.stop();
    this.#probe.stop();
    if (this.#options.ownsStore) await this.#options.store.close();
  }

  stats(): Record<string, unknown> {
    const { entries, bodyBytes } = this.#lanes.budget;
    const { inFlight, openBreakers } = this.#schedule;
    const lanes = [...this.#lanes.all()].length;
    return { lanes, knownEntries: entries, bodyBytes, inFlight, openBreakers };
  }

  async #stopIntake(): Promise<void> {
    this.#sweeps?.cancel();
    this.#intake.stop();
    await this.#intakeRun;
  }

  async #configure({
    webhook,
    config,
  }: Extract<WebhookCommand, { kind: 'ConfigureWebhook' }>): Promise<null> {
    if (config) {
      this.#removed.delete(webhook);
      this.#lanes.configure(webhook, config);
      return null;
    }
    this.#removed.add(webhook);
    await this.#lanes.remove(webhook, this.#options.clock.now());
    this.#isCountStale = true;
    return null;
  }

  #pageOutbox(webhook: string | null): null {
    const lanes = webhook === null ? this.#lanes.all() : [this.#lanes.open(webhook)];
    for (const lane of lanes) this.#lanes.suspect(lane);
    this.#isCountStale = true;
    return null;
  }

  async #test(webhook: string): Promise<WebhookTestResult> {
    const { clock } = this.#options;
    const { config, log } = this.#lanes.configured(webhook);
    const target = targetOf(present(config, 'a configured lane has a configuration'));
    if (!target) throw new AppError('validation_failed', `${config?.url} cannot be posted to`);
    const at = clock.now();
    const id = uuidv7(at);
    const type = 'webhook.test';
    const data = { message: 'This is a test event: the webhook works.' };
    const body = new TextEncoder().encode(JSON.stringify({ id, type, instance: webhook, at: iso(at), data }));
    const outcome = await this.#poster.post(target, id, body, true);
    const delivered = isSuccess(outcome);
    const { httpStatus, error } = outcome;
    const tookMs = Math.round(outcome.tookMs);
    const seen = { instance: webhook, attempt: 1, at, tookMs, httpStatus, error, nextAt: null };
    log.add({ eventId: id, type, ...seen, result: delivered ? 'delivered' : 'dead' });
    return { delivered, httpStatus, tookMs, body: outcome.body, error };
  }

  /** A broken invariant: the thread ends, and its supervisor starts a new one over the outbox. */
  #crash(error: unknown): void {
    this.#options.log.fatal(errorFields(error), 'the webhook actor cannot go on');
    process.nextTick(() => {
      throw error;
    });
  }

  #sweepSoon(): void {
    const { log } = this.#options;
    detach(this.#sweep(), (error) => log.error(errorFields(error), 'the outbox could not be swept'));
  }

  /** Where deliveries fail or are switched off, age alone ends an event; else it is tried at least once. */
  async #buryOld(lane: Lane): Promise<boolean> {
    const isStuck =
      lane.config !== null && (lane.target === null || this.#schedule.isFailing(lane.target.origin));
    if (!isStuck) return false;
    const buried = await buryOld(this.#options.store, lane, this.#options.clock.now());
    this.#lanes.queue(lane);
    return buried > 0;
  }

  /** Lanes that know less than the outbox has are paged; counts that may be off are made anew. */
  async #sweep(): Promise<void> {
    const { store, clock } = this.#options;
    for (const id of this.#removed) {
      this.#removed.delete(id);
      await this.#lanes.remove(id, clock.now());
    }
    for (const lane of [...this.#lanes.all()]) {
      if (await this.#buryOld(lane)) this.#isCountStale = true;
      if (!lane.target || lane.isPaging) continue;
      const count = lane.hasMore ? 0 : await store.outbox.pendingCount(lane.id);
      if (lane.hasMore || count > lane.known) this.#lanes.suspect(lane);
    }
    if (!this.#isCountStale) return;
    this.#isCountStale = false;
    await this.#backlog.recount(store, this.#lanes.all());
  }
}

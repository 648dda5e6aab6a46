/**
 * The actor threads of the gateway and what happens to them: made from the settings, started in order (the
 * webhook actor before the shards), given their instances and lanes when ready, restarted by the supervisor.
 */
import { DeadLetters } from '../actor/dead-letters.ts';
import { Supervisor } from '../actor/supervisor.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { detach } from '../detach.ts';
import {
  askTimeoutMs,
  ringCapacityBytes,
  shardMailboxCapacity,
  threadYoungHeapMb,
  webhookHeapMb,
  webhookMailboxCapacity,
} from '../limits.ts';
import { errorFields, type Log } from '../log.ts';
import { globalWebhookId } from '../protocol/instance.ts';
import type { ShardBoot, ShardCommand, ShardFact, ShardReplies } from '../protocol/shard.ts';
import type { WebhookBoot, WebhookCommand, WebhookFact, WebhookReplies } from '../protocol/webhook.ts';
import { createHost, type Host } from '../thread/host.ts';
import { createRing } from '../thread/ring.ts';
import { createDoorbell } from '../thread/wake.ts';
import type { Directory } from './directory.ts';
import type { EventFeed } from './event-feed.ts';
import { hostShard } from './hosting.ts';

export type ShardHost = Host<ShardCommand, ShardReplies, ShardFact>;
export type WebhookHost = Host<WebhookCommand, WebhookReplies, WebhookFact>;

export interface ActorsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: Directory;
  readonly feed: EventFeed;
  onBacklog(fact: WebhookFact): void;
  /** A fresh webhook thread counts anew: what was told before holds no longer. */
  onBacklogUnknown(): void;
  /** Nothing in this process can mend it. */
  onFatal(reason: string): void;
}

const asked = { timeoutMs: askTimeoutMs };
const entryOf = (file: string): URL => new URL(`../../workers/${file}`, import.meta.url);
const shardName = (shard: number): string => `shard-${shard}`;
export const webhooksName = 'webhooks';

export class Actors {
  readonly shards: readonly ShardHost[];
  readonly webhooks: WebhookHost;
  /** Messages that no actor took, of all threads as seen from here. */
  readonly deadLetters: DeadLetters;
  #options: ActorsOptions;
  #supervisor: Supervisor;
  #elus: number[];

  constructor(options: ActorsOptions) {
    this.#options = options;
    const { config, clock, log } = options;
    this.deadLetters = new DeadLetters(clock, log);
    const doorbell = createDoorbell();
    const rings = Array.from({ length: config.shards }, () => createRing(ringCapacityBytes));
    this.webhooks = this.#webhookHost({ config, rings, doorbell });
    this.shards = rings.map((ring, shard) => this.#shardHost({ config, shard, ring, doorbell }));
    this.#elus = this.shards.map(() => 0);
    this.#supervisor = new Supervisor({
      clock,
      log,
      onDeath: (actor, exit) => this.#died(actor, exit.reason),
      onRestarted: (actor) => this.#restarted(actor),
      onEscalate: ({ child, restarts }) => options.onFatal(`${child} was restarted ${restarts} times`),
    });
  }

  /** Event-loop utilization by shard, as last measured. */
  get elus(): readonly number[] {
    return this.#elus;
  }

  /** The threads serve; no instance is handed over yet. */
  async start(): Promise<void> {
    await this.#supervisor.start([this.webhooks, ...this.shards]);
    await this.#configureWebhooks();
  }

  /** Every shard gets its instances. */
  async hostAll(): Promise<void> {
    await Promise.all(this.shards.map((_, shard) => this.#hostShard(shard)));
  }

  /**
   * Replaces all shard threads by fresh ones, one at a time, under traffic: what is asked meanwhile waits for
   * the new thread, and WhatsApp keeps what arrives until the instances are open there.
   */
  async replaceShards(): Promise<void> {
    for (const [shard, { name }] of this.shards.entries()) {
      await this.#supervisor.replace(name);
      await this.#hostShard(shard);
    }
  }

  /** Resolves when every shard has answered; one that restarts is told when it is hosted anew. */
  async watch(isWatched: boolean): Promise<void> {
    const asks = this.shards.map(({ ref }) => ref.ask({ kind: 'WatchEvents', isWatched }, asked));
    await Promise.allSettled(asks);
  }

  /** Shards first, so that the webhook actor still sees their last events. */
  drain(): Promise<void> {
    return this.#supervisor.drain();
  }

  stats(): Promise<Record<string, Record<string, unknown>>> {
    return this.#supervisor.stats();
  }

  /** Called on a timer: what placement goes by. */
  async measure(): Promise<void> {
    const stats = await Promise.all(this.shards.map((shard) => shard.stats()));
    this.#elus = stats.map(({ elu }) => (typeof elu === 'number' ? elu : 0));
  }

  #shardHost(boot: ShardBoot): ShardHost {
    return createHost<ShardBoot, ShardCommand, ShardReplies, ShardFact>(
      {
        name: shardName(boot.shard),
        entry: entryOf('shard.ts'),
        boot,
        resourceLimits: {
          maxOldGenerationSizeMb: boot.config.shardHeapMb,
          maxYoungGenerationSizeMb: threadYoungHeapMb,
        },
        mailboxCapacity: shardMailboxCapacity,
      },
      { ...this.#hostOptions(), onTell: (fact) => this.#shardTold(fact) },
    );
  }

  #webhookHost(boot: WebhookBoot): WebhookHost {
    return createHost<WebhookBoot, WebhookCommand, WebhookReplies, WebhookFact>(
      {
        name: webhooksName,
        entry: entryOf('webhook.ts'),
        boot,
        resourceLimits: {
          maxOldGenerationSizeMb: webhookHeapMb,
          maxYoungGenerationSizeMb: threadYoungHeapMb,
        },
        mailboxCapacity: webhookMailboxCapacity,
      },
      { ...this.#hostOptions(), onTell: (fact) => this.#options.onBacklog(fact) },
    );
  }

  #hostOptions(): { clock: Clock; log: Log; deadLetters: DeadLetters; onWedged: (name: string) => void } {
    const { clock, log, onFatal } = this.#options;
    return {
      clock,
      log,
      deadLetters: this.deadLetters,
      onWedged: (name) => onFatal(`${name} cannot be ended`),
    };
  }

  #shardTold(fact: ShardFact): void {
    if (fact.kind === 'InstanceChanged') this.#options.directory.changed(fact.status);
    else this.#options.feed.made(fact.events);
  }

  #died(actor: string, reason: string): void {
    const shard = this.shards.findIndex(({ name }) => name === actor);
    if (shard >= 0) this.#options.directory.shardDied(shard, reason);
    if (actor === webhooksName) this.#options.onBacklogUnknown();
  }

  #restarted(actor: string): void {
    const shard = this.shards.findIndex(({ name }) => name === actor);
    const work = shard >= 0 ? this.#hostShard(shard) : this.#configureWebhooks();
    detach(work, (error) =>
      this.#options.log.error({ actor, error: errorFields(error) }, 'a restarted actor was not set up'),
    );
  }

  async #hostShard(shard: number): Promise<void> {
    const { directory, log, feed } = this.#options;
    const shards = this.shards.map(({ ref }) => ref);
    await hostShard(shard, { directory, log, shards, isWatched: () => feed.isWatched });
  }

  async #configureWebhooks(): Promise<void> {
    const { directory } = this.#options;
    const own = directory.all().map(({ config }) => ({ webhook: config.id, config: config.webhook }));
    const all = [{ webhook: globalWebhookId, config: directory.globalWebhook }, ...own];
    const set = all.filter(({ config }) => config !== null);
    await Promise.all(set.map((one) => this.webhooks.ref.ask({ kind: 'ConfigureWebhook', ...one }, asked)));
  }
}

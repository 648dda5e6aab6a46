/**
 * Asks of the shard that owns an instance, for commands and transfers. While the instance is created, moved or deleted,
 * which the lock of its id tells, the shard refuses: then the caller hears what became of it. Who holds that lock
 * uses `of` and `host` alone.
 */
import type { AskOptions, Ref } from '../actor/protocol.ts';
import { present } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import { askTimeoutMs } from '../limits.ts';
import type { InstanceView } from '../protocol/commands.ts';
import type { InstanceConfig } from '../protocol/instance.ts';
import type { ShardCommand, ShardReplies } from '../protocol/shard.ts';
import type { WebhookCommand, WebhookReplies } from '../protocol/webhook.ts';
import type { Directory } from './directory.ts';

type Shards = readonly Ref<ShardCommand, ShardReplies>[];

/** Where instances live, and what is needed to bring one in. */
export interface Hosts {
  readonly clock: Clock;
  readonly directory: Directory;
  /** Instances are created, changed and deleted under it: `create`, and one key for each. */
  readonly locks: KeyedLock;
  readonly maxInstances: number;
  readonly shards: Shards;
  readonly webhooks: Ref<WebhookCommand, WebhookReplies>;
  /** Event-loop utilization by shard, 0 to 1. */
  shardElus(): readonly number[];
}

type About = Extract<ShardCommand, { instance: string }>;

export class Owners {
  readonly #directory: Directory;
  readonly #locks: KeyedLock;
  readonly #shards: Shards;

  constructor({ directory, locks, shards }: Hosts) {
    this.#directory = directory;
    this.#locks = locks;
    this.#shards = shards;
  }

  /** Rejects `instance_not_found`. */
  of(id: string): Ref<ShardCommand, ShardReplies> {
    const { shard } = this.#directory.find(id).config;
    return present(
      this.#shards[shard],
      `instance ${id} is placed on shard ${shard} of ${this.#shards.length}`,
    );
  }

  /** Hands the instance to its shard. */
  async host(config: InstanceConfig, connect: boolean): Promise<InstanceView> {
    const { id } = config;
    const command = { kind: 'HostInstance', config, connect, isHeld: this.#directory.isHeld(id) } as const;
    this.#directory.changed(await this.of(id).ask(command, { timeoutMs: askTimeoutMs }));
    return this.#directory.find(id);
  }

  /** Once a creation, move or deletion of the instance that is under way is over. */
  async askSettled<K extends About['kind']>(
    command: Extract<About, { kind: K }>,
    options: AskOptions,
  ): Promise<ShardReplies[K]> {
    await this.#locks.idle(command.instance);
    return this.ask(command, options);
  }

  async ask<K extends About['kind']>(
    command: Extract<About, { kind: K }>,
    options: AskOptions,
  ): Promise<ShardReplies[K]> {
    const { instance } = command;
    try {
      return await this.of(instance).ask(command, options);
    } catch (error) {
      if (hasLeft(error)) {
        await this.#locks.idle(instance);
        this.#directory.find(instance);
      }
      throw error;
    }
  }
}

const hasLeft = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'actor_restarted' || error.code === 'draining');

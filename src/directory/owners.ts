/**
 * Asks of the shard that owns an instance, for the commands. While the instance is created, moved or deleted,
 * which the lock of its id tells, the shard refuses: then the caller hears what became of it. Never used by
 * who holds that lock.
 */
import type { AskOptions, Ref } from '../actor/protocol.ts';
import { present } from '../assert.ts';
import { AppError } from '../errors.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { ShardCommand, ShardReplies } from '../protocol/shard.ts';
import type { Directory } from './directory.ts';

type Shards = readonly Ref<ShardCommand, ShardReplies>[];
type About = Extract<ShardCommand, { instance: string }>;

export class Owners {
  readonly #directory: Directory;
  readonly #locks: KeyedLock;
  readonly #shards: Shards;

  constructor(directory: Directory, locks: KeyedLock, shards: Shards) {
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

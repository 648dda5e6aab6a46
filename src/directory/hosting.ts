/**
 * Gives a shard its instances when its thread becomes ready, at start and after every restart: the most
 * recently active first, a bounded number of asks at once. Those that were not resting open by themselves.
 */
import type { Ref } from '../actor/protocol.ts';
import { askTimeoutMs, hostAsksInFlight } from '../limits.ts';
import { errorFields, type Log } from '../log.ts';
import type { InstanceView } from '../protocol/commands.ts';
import { restingStates } from '../protocol/instance.ts';
import type { ShardCommand, ShardReplies } from '../protocol/shard.ts';
import type { Directory } from './directory.ts';

export interface HostingOptions {
  readonly directory: Directory;
  readonly shards: readonly Ref<ShardCommand, ShardReplies>[];
  readonly log: Log;
  isWatched(): boolean;
}

const asked = { timeoutMs: askTimeoutMs };
const lastActive = ({ config, status }: InstanceView): number =>
  Math.max(status.lastInboundAt ?? 0, status.lastOutboundAt ?? 0, config.createdAt);

/** Resolves when every instance of the shard has been handed over (not when it is open). */
export async function hostShard(shard: number, options: HostingOptions): Promise<void> {
  const ref = options.shards[shard];
  if (!ref) return;
  const webhook = options.directory.globalWebhook;
  await ref.ask({ kind: 'ConfigureGlobalWebhook', webhook }, asked);
  await ref.ask({ kind: 'WatchEvents', isWatched: options.isWatched() }, asked);
  const waiting = options.directory.ofShard(shard).sort((a, b) => lastActive(b) - lastActive(a));
  const hostNext = async (): Promise<void> => {
    for (let view = waiting.shift(); view; view = waiting.shift()) await hostOne(view, ref, options);
  };
  await Promise.all(Array.from({ length: hostAsksInFlight }, hostNext));
  await ref.ask({ kind: 'FinishHosting' }, asked);
}

async function hostOne(
  { config, status }: InstanceView,
  ref: Ref<ShardCommand, ShardReplies>,
  { directory, log }: HostingOptions,
): Promise<void> {
  const connect = !restingStates.includes(status.state);
  try {
    const isHeld = directory.isHeld(config.id);
    directory.changed(await ref.ask({ kind: 'HostInstance', config, connect, isHeld }, asked));
  } catch (error) {
    log.error({ instance: config.id, error: errorFields(error) }, 'instance was not taken over by its shard');
  }
}

/** Entry of a shard thread. Everything is in src/shard; nothing here may grow. */
import { shardMailboxCapacity } from '../src/limits.ts';
import type { ShardBoot, ShardCommand, ShardFact, ShardReplies } from '../src/protocol/shard.ts';
import { createShard } from '../src/shard/create-shard.ts';
import { runGuest } from '../src/thread/guest.ts';

runGuest<ShardBoot, ShardCommand, ShardReplies[ShardCommand['kind']], ShardFact>(createShard, {
  concurrency: shardMailboxCapacity,
});

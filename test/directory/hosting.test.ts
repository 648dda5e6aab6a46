/** The order in which a shard gets its instances at start: the most recently active first, the resting ones unopened. */
import { expect, it, onTestFinished } from 'vitest';
import type { Ref } from '../../src/actor/protocol.ts';
import { systemClock } from '../../src/clock.ts';
import { Directory } from '../../src/directory/directory.ts';
import { hostShard } from '../../src/directory/hosting.ts';
import { hostAsksInFlight } from '../../src/limits.ts';
import { createLog } from '../../src/log.ts';
import { type InstanceStatus, initialStatus } from '../../src/protocol/instance.ts';
import type { ShardCommand, ShardReplies } from '../../src/protocol/shard.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder, someConfig } from '../store/records.ts';

const status = (id: string, change: Partial<InstanceStatus>): InstanceStatus => ({
  ...initialStatus(id, 1),
  state: 'open',
  ...change,
});

it('the most recently active first, a bounded number at once, and no more than its own', async () => {
  const store = await openStore(optionsFor(scratchFolder()));
  onTestFinished(() => store.close());
  const now = Date.now();
  const statuses = [
    status('idle', {}),
    status('writes', { lastOutboundAt: now + 3_000 }),
    status('hears', { lastInboundAt: now + 5_000 }),
    status('rests', { state: 'stopped', lastInboundAt: now + 4_000 }),
    ...Array.from({ length: hostAsksInFlight }, (_, at) =>
      status(`old${at}`, { lastInboundAt: now + 1_000 - at }),
    ),
  ];
  await store.commit([
    ...statuses.map(
      ({ id }) => ({ to: 'instanceConfig', id, value: { ...someConfig(id), shard: 0 } }) as const,
    ),
    ...statuses.map((value) => ({ to: 'instanceStatus', id: value.id, value }) as const),
    { to: 'instanceConfig', id: 'foreign', value: { ...someConfig('foreign'), shard: 1 } },
  ]);
  const directory = new Directory(store, systemClock);
  await directory.load(2);

  const hosted: { id: string; connect: boolean }[] = [];
  let [inFlight, most] = [0, 0];
  const shard = {
    async ask(command: ShardCommand) {
      if (command.kind !== 'HostInstance') return null;
      hosted.push({ id: command.config.id, connect: command.connect });
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      return status(command.config.id, {});
    },
  } as unknown as Ref<ShardCommand, ShardReplies>;
  await hostShard(0, { directory, shards: [shard], log: createLog('silent'), isWatched: () => false });

  expect(hosted.slice(0, 4)).toEqual([
    { id: 'hears', connect: true },
    { id: 'rests', connect: false },
    { id: 'writes', connect: true },
    { id: 'old0', connect: true },
  ]);
  expect([hosted.at(-1)?.id, hosted.length, most]).toEqual(['idle', statuses.length, hostAsksInFlight]);
});

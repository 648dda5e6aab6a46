/**
 * The actor runtime without WhatsApp: two supervised counter threads, a local actor, a router that moves a key
 * from one thread to the other, and a crash. Run it from the repository: `node examples/counters/main.ts`
 */
import { createLocal } from '../../src/actor/local.ts';
import { leastLoaded } from '../../src/actor/placement.ts';
import { Router } from '../../src/actor/router.ts';
import { Supervisor } from '../../src/actor/supervisor.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createHost } from '../../src/thread/host.ts';
import type { CounterBoot, CounterCommand, CounterFact, CounterReplies } from './protocol.ts';

const log = createLog('silent');
const soon = { timeoutMs: 5_000 };

// A local actor: the same ref and promises as a thread, in this thread. It keeps the milestones it is told.
const milestones: string[] = [];
const journal = createLocal<CounterFact, { MilestoneReached: undefined }>(
  { receive: ({ key, total }) => void milestones.push(`${key} reached ${total}`) },
  { name: 'journal', clock, log },
);

// One host per thread. Its ref stays valid however often the thread is restarted.
const createCounter = (name: string) =>
  createHost<CounterBoot, CounterCommand, CounterReplies, CounterFact>(
    {
      name,
      entry: new URL('./counter.ts', import.meta.url),
      boot: { milestone: 100 },
      mailboxCapacity: 1024,
    },
    { clock, log, onTell: (fact) => void journal.ref.tell(fact) },
  );
const counters = [createCounter('counter-0'), createCounter('counter-1')];

const restarted = Promise.withResolvers<string>();
const supervisor = new Supervisor({ clock, log, onRestarted: restarted.resolve });
await supervisor.start([journal, ...counters]);

// Placement: every key lives on one thread.
const router = new Router<CounterCommand, CounterReplies>(
  counters.map(({ ref }) => ref),
  clock,
);
const instances = [0, 0];
for (const key of ['apples', 'pears', 'plums']) {
  const shard = leastLoaded(instances.map((count, index) => ({ shard: index, instances: count, elu: 0 })));
  instances[shard] = (instances[shard] ?? 0) + 1;
  router.place(key, shard);
}

const increment = (key: string, by: number): Promise<number> =>
  router.ask(key, { kind: 'Increment', key, by }, soon);

// A thousand asks at once cross in a handful of frames.
await Promise.all(Array.from({ length: 1000 }, () => increment('apples', 1)));
console.log('apples:', await router.ask('apples', { kind: 'GetTotal', key: 'apples' }, soon));

await increment('pears', -1).catch((error: { code: string; message: string }) => {
  console.log('refused:', error.code, '-', error.message);
});

// A move under traffic: asks made meanwhile are held and then answered by the new owner.
const moved = (async () => {
  let total = 0;
  await router.move('apples', 1, {
    stop: async (from) => {
      total = await from.ask({ kind: 'Release', key: 'apples' }, soon);
    },
    remember: async () => undefined,
    start: (to) => to.ask({ kind: 'Adopt', key: 'apples', total }, soon),
  });
})();
const during = Promise.all(Array.from({ length: 100 }, () => increment('apples', 1)));
await moved;
console.log('apples after the move:', Math.max(...(await during)), 'on thread', router.placeOf('apples'));

// A crash: pending asks fail at once, the thread comes back by itself, the other one notices nothing.
await counters[0]?.ref.ask({ kind: 'Crash' }, soon).catch((error: { code: string }) => {
  console.log('crash:', error.code);
});
console.log('restarted:', await restarted.promise, '- apples are still', await increment('apples', 0));

const { 'counter-1': stats } = await supervisor.stats();
console.log('counter-1:', { state: stats?.['state'], starts: stats?.['starts'], keys: 1 });
await supervisor.drain();
console.log(`${milestones.length} milestones, the last: ${milestones.at(-1)}`);

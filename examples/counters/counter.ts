/** A counter thread: owns some keys and their totals, in memory only. Started by `main.ts` in a worker. */
import { AppError } from '../../src/errors.ts';
import { runGuest } from '../../src/thread/guest.ts';
import type { CounterBoot, CounterCommand, CounterFact, CounterReplies } from './protocol.ts';

runGuest<CounterBoot, CounterCommand, CounterReplies, CounterFact>(({ milestone }, host) => {
  const totals = new Map<string, number>();

  function add(key: string, by: number): number {
    // A typed failure: the asker gets it as an AppError and this actor goes on.
    if (by < 0) throw new AppError('validation_failed', `by must not be negative, got ${by}`);
    const before = totals.get(key) ?? 0;
    const total = before + by;
    totals.set(key, total);
    const isMilestone = Math.floor(total / milestone) > Math.floor(before / milestone);
    if (isMilestone) host.tell({ kind: 'MilestoneReached', key, total });
    return total;
  }

  return {
    receive(message) {
      switch (message.kind) {
        case 'Increment':
          return add(message.key, message.by);
        case 'GetTotal':
          return totals.get(message.key) ?? 0;
        case 'Adopt':
          totals.set(message.key, message.total);
          return undefined;
        case 'Release': {
          const total = totals.get(message.key) ?? 0;
          totals.delete(message.key);
          return total;
        }
        case 'Crash':
          // Anything but an AppError ends this thread; its supervisor starts it again.
          throw new Error('crashed on command');
      }
    },
    stats: () => ({ keys: totals.size }),
  };
});

/** Local actors: order, concurrency, typed failures, crashes, replay, poison, ends. */
import { expect, test } from 'vitest';
import type { Behavior } from '../../src/actor/behavior.ts';
import { DeadLetters } from '../../src/actor/dead-letters.ts';
import { createLocal, type LocalOptions, spawnLocal } from '../../src/actor/local.ts';
import { restartLimits } from '../../src/actor/restart-policy.ts';
import { Supervisor } from '../../src/actor/supervisor.ts';
import { systemClock } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';

type Command =
  | { readonly kind: 'Add'; readonly number: number }
  | { readonly kind: 'Get' }
  | { readonly kind: 'Hold'; readonly until: Promise<unknown> }
  | { readonly kind: 'Fail' }
  | { readonly kind: 'Crash'; readonly times: number };
type CommandReplies = { Add: undefined; Get: number[]; Hold: unknown; Fail: never; Crash: unknown };

const log = createLog('silent');
const soon = { timeoutMs: 20_000 };

function behaviorSource() {
  const crashes = { count: 0 };
  return (): Behavior<Command, CommandReplies> => {
    const numbers: number[] = [];
    return {
      receive(message: Command): unknown {
        switch (message.kind) {
          case 'Add':
            return void numbers.push(message.number);
          case 'Get':
            return [...numbers];
          case 'Hold':
            return message.until;
          case 'Fail':
            throw new AppError('conflict', 'on command');
          case 'Crash':
            if (crashes.count++ < message.times) throw new Error('on command');
            return 'survived';
        }
      },
    };
  };
}

function spawn(options: Partial<LocalOptions> = {}) {
  return spawnLocal<Command, CommandReplies>(behaviorSource(), {
    name: 'local',
    clock: systemClock,
    log,
    ...options,
  });
}

test('turns run in order, never inside the sender', async () => {
  const actor = spawn();
  await actor.ready;
  for (let number = 0; number < 1000; number++)
    expect(actor.ref.tell({ kind: 'Add', number })).toBe('accepted');
  const numbers = await actor.ref.ask({ kind: 'Get' }, soon);
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => index));
});

test('concurrency 1 holds the next turn back, 2 lets one pass', async () => {
  const gate = Promise.withResolvers<string>();
  const [serial, paired] = [spawn(), spawn({ concurrency: 2 })];
  const holds = [serial, paired].map(({ ref }) => ref.ask({ kind: 'Hold', until: gate.promise }, soon));
  const order: string[] = [];
  const waits = [
    serial.ref.ask({ kind: 'Get' }, soon).then(() => order.push('serial')),
    paired.ref.ask({ kind: 'Get' }, soon).then(() => order.push('paired')),
  ];
  await waits[1];
  gate.resolve('open');
  expect(await Promise.all(holds)).toEqual(['open', 'open']);
  await waits[0];
  expect(order).toEqual(['paired', 'serial']);
});

test('a full mailbox refuses and says by how much', async () => {
  const actor = spawn({ mailboxCapacity: 2 });
  expect([1, 2, 3].map((number) => actor.ref.tell({ kind: 'Add', number }))).toEqual([
    'accepted',
    'accepted',
    'full',
  ]);
  await expect(actor.ref.ask({ kind: 'Get' }, soon)).rejects.toThrow('2 of 2 messages');
});

test('a typed failure reaches its asker and the actor goes on', async () => {
  const actor = spawn();
  await expect(actor.ref.ask({ kind: 'Fail' }, soon)).rejects.toMatchObject({ code: 'conflict' });
  expect(await actor.ref.ask({ kind: 'Get' }, soon)).toEqual([]);
});

test('an ask in an endless turn times out', async () => {
  const actor = spawn();
  const ask = actor.ref.ask({ kind: 'Hold', until: new Promise(() => undefined) }, { timeoutMs: 20 });
  await expect(ask).rejects.toMatchObject({ code: 'timeout' });
});

test('a supervised crash fails asks, replays the tell once, and keeps what waits behind it', async () => {
  const restarted = Promise.withResolvers<string>();
  const deadLetters = new DeadLetters(systemClock, log);
  const limits = { ...restartLimits, delayMsMin: 1 };
  const supervisor = new Supervisor({ clock: systemClock, log, limits, onRestarted: restarted.resolve });
  const actor = createLocal<Command, CommandReplies>(behaviorSource(), {
    name: 'local',
    clock: systemClock,
    log,
    concurrency: 4,
    deadLetters,
  });
  await supervisor.start([actor]);
  const pending = actor.ref.ask({ kind: 'Hold', until: new Promise(() => undefined) }, soon);
  actor.ref.tell({ kind: 'Crash', times: 1 });
  actor.ref.tell({ kind: 'Add', number: 5 });
  await expect(pending).rejects.toMatchObject({ code: 'actor_restarted' });
  await restarted.promise;
  expect(await actor.ref.ask({ kind: 'Get' }, soon)).toEqual([5]);
  expect(deadLetters.counts()).toEqual({});
  await supervisor.stop();
});

test('stop fails what is pending; drain finishes it', async () => {
  const [stopped, drained] = [spawn(), spawn()];
  await Promise.all([stopped.ready, drained.ready]);
  const lost = stopped.ref.ask({ kind: 'Get' }, soon);
  const kept = drained.ref.ask({ kind: 'Get' }, soon);
  await Promise.all([stopped.stop(), drained.drain()]);
  await expect(lost).rejects.toMatchObject({ code: 'draining' });
  expect(await kept).toEqual([]);
  expect(drained.ref.tell({ kind: 'Add', number: 1 })).toBe('stopped');
});

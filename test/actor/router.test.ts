/** Moving a key from one owner to another under traffic: nothing lost, nothing run by the wrong one. */
import { expect, test } from 'vitest';
import { createLocal } from '../../src/actor/local.ts';
import type { Ref } from '../../src/actor/protocol.ts';
import { Router } from '../../src/actor/router.ts';
import { systemClock } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';

type Command =
  | { readonly kind: 'Start' }
  | { readonly kind: 'Stop' }
  | { readonly kind: 'Append'; readonly number: number };
type CommandReplies = { Start: undefined; Stop: undefined; Append: string };
type OwnerRef = Ref<Command, CommandReplies>;

const soon = { timeoutMs: 20_000 };

/** The key's state lies where both owners find it, as an instance's session lies in the store. */
async function owner(name: string, numbers: number[], canStart = true): Promise<OwnerRef> {
  let isOwner = false;
  const receive = async (message: Command): Promise<unknown> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (message.kind === 'Append') {
      if (!isOwner) throw new Error(`${name} does not own the key`);
      numbers.push(message.number);
      return name;
    }
    if (message.kind === 'Start' && !canStart) throw new AppError('store_failed', 'on command');
    isOwner = message.kind === 'Start';
    return undefined;
  };
  const actor = createLocal<Command, CommandReplies>(
    { receive },
    { name, clock: systemClock, log: createLog('silent') },
  );
  await actor.start();
  return actor.ref;
}

const steps = (places: number[]) => ({
  stop: (from: OwnerRef) => from.ask({ kind: 'Stop' }, soon),
  remember: async (place: number) => void places.push(place),
  start: (to: OwnerRef) => to.ask({ kind: 'Start' }, soon),
});

async function routed(canSecondStart = true) {
  const numbers: number[] = [];
  const owners = [await owner('a', numbers), await owner('b', numbers, canSecondStart)];
  const router = new Router<Command, CommandReplies>(owners, systemClock);
  router.place('key', 0);
  await owners[0]?.ask({ kind: 'Start' }, soon);
  return { router, numbers };
}

test('asks before, during and after a move are each run once, in order, by the owner of the time', async () => {
  const { router, numbers } = await routed();
  const places: number[] = [];
  const append = (number: number): Promise<string> => router.ask('key', { kind: 'Append', number }, soon);
  const before = Array.from({ length: 20 }, (_, number) => append(number));
  const moved = router.move('key', 1, steps(places));
  const during = Array.from({ length: 20 }, (_, index) => append(20 + index));
  await moved;
  expect(new Set(await Promise.all(before))).toEqual(new Set(['a']));
  expect(new Set(await Promise.all([...during, append(40)]))).toEqual(new Set(['b']));
  expect(numbers).toEqual(Array.from({ length: 41 }, (_, index) => index));
  expect([places, router.placeOf('key')]).toEqual([[1], 1]);
});

test('a new owner that cannot start gives the key back', async () => {
  const { router } = await routed(false);
  const places: number[] = [];
  const moved = router.move('key', 1, steps(places));
  const held = router.ask('key', { kind: 'Append', number: 1 }, soon);
  await expect(moved).rejects.toMatchObject({ code: 'store_failed' });
  expect(await held).toBe('a');
  expect([places, router.placeOf('key')]).toEqual([[1, 0], 0]);
});

test('two moves at once conflict, an unknown key is not found, held asks keep their deadline', async () => {
  const { router } = await routed();
  const gate = Promise.withResolvers<void>();
  const moved = router.move('key', 1, { ...steps([]), remember: () => gate.promise });
  await expect(router.move('key', 1, steps([]))).rejects.toMatchObject({ code: 'conflict' });
  await expect(router.ask('key', { kind: 'Append', number: 1 }, { timeoutMs: 10 })).rejects.toMatchObject({
    code: 'timeout',
  });
  await expect(router.ask('other', { kind: 'Append', number: 1 }, soon)).rejects.toMatchObject({
    code: 'instance_not_found',
  });
  gate.resolve();
  await moved;
});

/** A store that fails for a while: nothing is posted twice meanwhile, and nothing stays pending. */
import { expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { makeSeq } from '../../src/store/sequence.ts';
import { buryOld } from '../../src/webhook/aging.ts';
import { Lane } from '../../src/webhook/lane.ts';
import { eventAgeMsMax } from '../../src/webhook/limits.ts';
import { someEvent } from '../store/records.ts';
import { startReceiver } from './receiver.ts';
import { fastClock, makeRig } from './rig.ts';
import { webhookTo } from './webhook-config.ts';

it('writes what was delivered once the store takes it again', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig({ clock: fastClock(20) });
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url));
  const { commit } = rig.store;
  let refused = 0;
  rig.store.commit = async (writes) => {
    const isRefused = writes.some(({ to }) => to === 'delivered') && refused++ < 3;
    if (isRefused) throw new AppError('store_failed', 'the disk is full');
    await commit(writes);
  };
  await rig.emit(5);
  await rig.settled('shop');
  expect(refused).toBeGreaterThan(3);
  expect(receiver.numbers).toEqual([1, 2, 3, 4, 5]);
});

it('reads an event later when the store cannot read it now', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig({ clock: fastClock(20) });
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(3);
  const { outbox } = rig.store;
  const { event } = outbox;
  let refused = 0;
  Object.assign(outbox, {
    event: (instance: string, seq: number) => {
      if (refused++ < 2) throw new AppError('store_failed', 'bad sector');
      return event(instance, seq);
    },
  });
  await rig.start();
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 2, 3]);
});

it('makes dead letters of what is too old in a lane that cannot deliver', async () => {
  const rig = await makeRig();
  const nowMs = rig.clock.now();
  const at = nowMs - eventAgeMsMax - 5_000;
  const old = Array.from({ length: 1_500 }, (_, index) => ({ ...someEvent(makeSeq(at, 0, 0) + index), at }));
  const fresh = { ...someEvent(makeSeq(nowMs, 0, 0)), at: nowMs };
  await rig.store.commit(
    [...old, fresh].map((event) => ({ to: 'event', event, webhooks: ['shop'] }) as const),
  );
  const lane = new Lane('shop', { entries: 0, bodyBytes: 0 });
  expect(await buryOld(rig.store, lane, nowMs)).toBe(1_500);
  expect((await rig.store.outbox.pending('shop', 0, 10)).map(({ seq }) => seq)).toEqual([fresh.seq]);
  expect((await rig.store.outbox.deadLetters('shop', null, 5_000)).length).toBe(1_500);
});

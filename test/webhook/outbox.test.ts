/** The outbox is the truth: restarts, silent rings, overflow and large backlogs lose nothing. */
import { expect, it } from 'vitest';
import { globalWebhookId } from '../../src/protocol/instance.ts';
import { laneKnownMax } from '../../src/webhook/limits.ts';
import { startReceiver } from './receiver.ts';
import { fastClock, makeRig } from './rig.ts';
import { webhookTo } from './webhook-config.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

it('delivers after a restart what was pending before', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(5);
  await rig.start();
  await rig.settled('shop');
  expect(receiver.numbers).toEqual(upTo(5));
  await rig.stop();
  await rig.emit(3, { isSilent: true });
  await rig.start();
  await rig.settled('shop');
  expect(receiver.numbers).toEqual(upTo(8));
});

it('stops in the middle of a hanging delivery and delivers it after the restart', async () => {
  const receiver = await startReceiver((_, count) => (count === 1 ? 'hang' : { status: 204 }));
  const rig = await makeRig({ env: { WEBHOOK_TIMEOUT_MS: '20000' } });
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.start();
  await rig.emit(2);
  await receiver.count(1);
  await rig.stop();
  await rig.start();
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 1, 2]);
});

it('pages what a full ring could not take, each event once and in order', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig({ ringBytes: 4_096 });
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.start();
  for (let round = 0; round < 40; round++) await rig.emit(10);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual(upTo(400));
});

it('notices a gap in the frames of a shard', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.start();
  await rig.emit(1);
  await rig.settled('shop');
  await rig.emit(1, { isSilent: true });
  rig.push([]);
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1, 2]);
});

it('pages a webhook on command', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.start();
  await rig.emit(1, { isSilent: true });
  await rig.command({ kind: 'PageOutbox', webhook: 'shop' });
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([1]);
});

it('drains a backlog larger than its window without knowing all of it at once', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  const instances = ['a', 'b', 'c'];
  await rig.configure(globalWebhookId, webhookTo(receiver.url));
  for (const instance of instances)
    for (let round = 0; round < 5; round++)
      await rig.emit(300, { instance, chat: `c${round}`, webhooks: [globalWebhookId] });
  await rig.start();
  await receiver.count(100);
  expect(rig.actor.stats()['knownEntries']).toBeLessThanOrEqual(laneKnownMax);
  await rig.settled(globalWebhookId);
  expect(new Set(receiver.numbers).size).toBe(4_500);
  for (let group = 0; group < 15; group++) {
    const mine = receiver.numbers.filter((n) => n > group * 300 && n <= (group + 1) * 300);
    expect(mine).toEqual(mine.toSorted((x, y) => x - y));
  }
});

it('tells the main thread when an instance crosses a step of its backlog', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig({ clock: fastClock(20) });
  await rig.start();
  await rig.configure('shop', webhookTo('http://127.0.0.1:9/closed'));
  await rig.emit(2_500, { webhooks: ['shop'] });
  await rig.told((pending) => pending >= 2_000);
  rig.facts.length = 0;
  await rig.configure('shop', webhookTo(receiver.url, { ordered: false }));
  await rig.told((pending) => pending < 1_000);
});

it('keeps events of a disabled webhook until it is enabled again', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url, { enabled: false }));
  await rig.emit(2);
  await rig.configure('desk', webhookTo(receiver.url));
  await rig.emit(1, { instance: 'desk' });
  await rig.settled('desk');
  expect(receiver.numbers).toEqual([3]);
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.settled('shop');
  expect(receiver.numbers).toEqual([3, 1, 2]);
});

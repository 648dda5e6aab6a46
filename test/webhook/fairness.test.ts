/** A bad endpoint costs nobody else a slot, and lanes of one origin take turns. */
import { expect, it } from 'vitest';
import { Lane } from '../../src/webhook/lane.ts';
import { Schedule, type Turn } from '../../src/webhook/schedule.ts';
import { targetOf } from '../../src/webhook/target.ts';
import { someEvent } from '../store/records.ts';
import { ok, startReceiver } from './receiver.ts';
import { fastClock, makeRig } from './rig.ts';
import { webhookTo } from './webhook-config.ts';

const budget = () => ({ entries: 0, bodyBytes: 0 });

function laneOf(id: string, url: string, events: number, shared = budget()): Lane {
  const lane = new Lane(id, shared);
  lane.config = webhookTo(url, { ordered: false });
  lane.target = targetOf(lane.config);
  lane.hasMore = false;
  for (let seq = 1; seq <= events; seq++) lane.offer(someEvent(seq, id, 'c'));
  return lane;
}

const take = (schedule: Schedule, count: number): Turn[] =>
  Array.from({ length: count }, () => schedule.next(0)).filter((turn) => turn !== undefined);

it('takes turns between origins and between their lanes', () => {
  const schedule = new Schedule(100);
  const lanes = [laneOf('a', 'http://x/', 50), laneOf('b', 'http://x/', 50), laneOf('c', 'http://y/', 50)];
  for (const lane of lanes) schedule.enqueue(lane);
  expect(take(schedule, 6).map(({ lane }) => lane.id)).toEqual(['a', 'c', 'b', 'c']);
});

it('gives origins that have not answered half of the slots, but a newcomer always its first', () => {
  const schedule = new Schedule(20);
  for (let origin = 0; origin < 7; origin++)
    schedule.enqueue(laneOf(`bad${origin}`, `http://bad${origin}/`, 50));
  expect(take(schedule, 30).length).toBe(10);
  schedule.enqueue(laneOf('new', 'http://good/', 50));
  expect(take(schedule, 30).map(({ lane }) => lane.id)).toEqual(['new']);
});

it('lets a proven origin grow to its share and halves it when it fails', () => {
  const schedule = new Schedule(20);
  const lane = laneOf('good', 'http://good/', 500);
  schedule.enqueue(lane);
  for (let round = 0; round < 20; round++) {
    for (const turn of take(schedule, 20)) schedule.ended(turn, 'fine', 0, 0);
  }
  const turns = take(schedule, 30);
  expect(turns.length).toBe(17);
  for (const turn of turns.slice(0, 2)) schedule.ended(turn, 'throttled', 0, 0);
  for (const turn of turns.slice(2)) schedule.ended(turn, null, 0, 0);
  expect(take(schedule, 30).length).toBe(4);
});

it('leaves all but the reserve to a lone origin, and gives up its share as soon as another comes', () => {
  const schedule = new Schedule(25);
  const [lone, other] = [laneOf('lone', 'http://lone/', 900), laneOf('other', 'http://other/', 900)];
  for (const lane of [lone, other]) schedule.enqueue(lane);
  for (let round = 0; round < 40; round++)
    for (const turn of take(schedule, 25)) schedule.ended(turn, 'fine', 0, 0);
  schedule.dequeue(other);
  const turns = take(schedule, 30);
  expect(turns.length).toBe(21);
  schedule.enqueue(other);
  expect(take(schedule, 30).map(({ lane }) => lane.id)).toEqual(['other']);
  for (const turn of turns) schedule.ended(turn, 'fine', 0, 0);
  const lanes = take(schedule, 30).map(({ lane }) => lane);
  expect(lanes.filter((lane) => lane === other).length).toBeGreaterThanOrEqual(9);
  expect(lanes.filter((lane) => lane === lone).length).toBeGreaterThanOrEqual(9);
});

// Two proven origins that stopped answering at once had all slots until their time-outs.
it('keeps a slot for a fine origin when every other one stops answering at the same moment', () => {
  const schedule = new Schedule(25);
  const bad = ['a', 'b', 'c', 'd'].map((name) => laneOf(name, `http://${name}/`, 900));
  const fine = laneOf('fine', 'http://fine/', 900);
  for (const lane of [...bad, fine]) schedule.enqueue(lane);
  for (let round = 0; round < 40; round++)
    for (const turn of take(schedule, 25)) schedule.ended(turn, 'fine', 0, 0);
  let delivered = 0;
  for (let round = 0; round < 20; round++)
    for (const turn of take(schedule, 25)) {
      if (turn.lane !== fine) continue;
      schedule.ended(turn, 'fine', 0, 0);
      delivered += 1;
    }
  expect(delivered).toBeGreaterThanOrEqual(20);
});

// Each of them was proven and had nothing under way, so each took a slot, the last ones too.
it('keeps the last slot for who answers, when more endpoints than there are slots stop at one moment', () => {
  const schedule = new Schedule(25);
  const budgetOfAll = budget();
  const bad = Array.from({ length: 40 }, (_, at) => laneOf(`bad${at}`, `http://bad${at}/`, 90, budgetOfAll));
  const fine = laneOf('fine', 'http://fine/', 900, budgetOfAll);
  const quiet = laneOf('quiet', 'http://quiet/', 900, budgetOfAll);
  for (const lane of [...bad, fine, quiet]) schedule.enqueue(lane);
  let nowMs = 1_000;
  for (let answers = 0; answers < 200; answers++) {
    const turn = schedule.next(nowMs++);
    if (turn) schedule.ended(turn, 'fine', nowMs++, 0);
  }
  for (const lane of [...bad, quiet]) schedule.dequeue(lane);
  const stoppedMs = nowMs;
  let delivered = 0;
  for (; nowMs < stoppedMs + 10_000; nowMs += 20) {
    schedule.enqueue(bad[(nowMs - stoppedMs) / 20] ?? quiet);
    for (let turn = schedule.next(nowMs); turn; turn = schedule.next(nowMs)) {
      if (turn.lane !== fine) continue;
      schedule.ended(turn, 'fine', nowMs + 2, 0);
      delivered += 1;
      break;
    }
  }
  expect(schedule.inFlight).toBe(24);
  expect(delivered).toBe(500);
  // Nobody can know that the quiet one is fine: it waits until the first of those that hang have failed.
  expect(schedule.next(nowMs)?.lane).toBe(fine);
});

it('delivers to a fine endpoint while others hang, answer 500 and reset', { timeout: 30_000 }, async () => {
  const fine = await startReceiver();
  const bad = [
    await startReceiver(() => 'hang'),
    await startReceiver(() => ({ status: 500 })),
    await startReceiver(() => 'reset'),
  ];
  const rig = await makeRig({ env: { WEBHOOK_CONCURRENCY: '8', WEBHOOK_TIMEOUT_MS: '20000' } });
  await rig.start();
  for (const [index, receiver] of bad.entries())
    for (let lane = 0; lane < 5; lane++) await rig.configure(`bad${index}-${lane}`, webhookTo(receiver.url));
  await rig.configure('fine', webhookTo(fine.url));
  for (const [index] of bad.entries())
    for (let lane = 0; lane < 5; lane++) await rig.emit(20, { instance: `bad${index}-${lane}` });
  for (let round = 0; round < 20; round++) await rig.emit(5, { instance: 'fine', chat: `c${round}` });
  await rig.settled('fine');
  expect(new Set(fine.numbers).size).toBe(100);
});

it('delivers everything in order per chat once bad endpoints recover, whatever happened before', async () => {
  let isBroken = true;
  const faults = ['reset', { status: 500 }, { status: 503 }, 'hang'] as const;
  const receiver = await startReceiver((_, count) => (isBroken ? (faults[count % 4] ?? ok) : ok));
  const rig = await makeRig({
    clock: fastClock(150),
    env: { WEBHOOK_MAX_ATTEMPTS: '100', WEBHOOK_TIMEOUT_MS: '120' },
  });
  await rig.start();
  for (const id of ['a', 'b', 'c']) await rig.configure(id, webhookTo(receiver.url));
  for (const id of ['a', 'b', 'c']) for (const chat of ['x', 'y']) await rig.emit(10, { instance: id, chat });
  await receiver.count(10);
  isBroken = false;
  receiver.received.length = 0;
  await Promise.all(['a', 'b', 'c'].map((id) => rig.settled(id)));
  expect(receiver.numbers.toSorted((x, y) => x - y)).toEqual(
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  for (let group = 0; group < 6; group++) {
    const mine = receiver.numbers.filter((n) => n > group * 10 && n <= (group + 1) * 10);
    expect(mine).toEqual(mine.toSorted((x, y) => x - y));
  }
});

// The window of the lane was full of one chat's events behind a head that failed, so nothing else was paged.
it('does not starve other chats behind a chat larger than the window whose head fails', async () => {
  let isHealed = false;
  const receiver = await startReceiver(({ body }) =>
    body.data.n <= 1_500 && !isHealed ? { status: 500 } : ok,
  );
  const rig = await makeRig({ clock: fastClock(40), env: { WEBHOOK_MAX_ATTEMPTS: '100' } });
  await rig.configure('shop', webhookTo(receiver.url));
  await rig.emit(1_500, { chat: 'stuck' });
  await rig.emit(20, { chat: 'b' });
  await rig.start();
  await receiver.until((received) => received.filter(({ body }) => body.data.n > 1_500).length === 20);
  await rig.emit(1, { chat: 'stuck' });
  await rig.emit(1, { chat: 'c' });
  await receiver.until((received) => received.some(({ body }) => body.data.n === 1_522));
  isHealed = true;
  await rig.settled('shop');
  const stuck = [...new Set(receiver.numbers)].filter((n) => n <= 1_500 || n === 1_521);
  expect(stuck).toEqual([...Array.from({ length: 1_500 }, (_, index) => index + 1), 1_521]);
});

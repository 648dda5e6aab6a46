/** Whatever a ring could not take, no event reaches its lane before an older one of the same chat. */
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { encodeEventFrame } from '../../src/store/event-frame.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { createRing, RingWriter } from '../../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../../src/thread/wake.ts';
import { Backlog } from '../../src/webhook/backlog.ts';
import { Intake } from '../../src/webhook/intake.ts';
import type { Lane } from '../../src/webhook/lane.ts';
import { Lanes } from '../../src/webhook/lanes.ts';
import { Schedule } from '../../src/webhook/schedule.ts';
import { optionsFor, scratchFolder, someEvent } from '../store/records.ts';
import { webhookTo } from './webhook-config.ts';

class Scene {
  readonly store: Store;
  readonly lanes: Lanes;
  readonly lane: Lane;
  readonly doorbell = createDoorbell();
  readonly ring = createRing(4_096);
  readonly writer = new RingWriter(this.ring, new Doorbell(this.doorbell));
  /** Sequences in the order in which they would be posted: everything that is ready is taken at once. */
  readonly order: number[] = [];
  #changed = Promise.withResolvers<void>();
  #made = 0;
  #frames = 0;

  constructor(store: Store) {
    this.store = store;
    this.lanes = new Lanes(store, createLog('silent'), new Schedule(25), () => this.#take());
    this.lane = this.lanes.configure('shop', webhookTo('http://127.0.0.1:9/'));
  }

  async commit(): Promise<EventRecord> {
    this.#made += 1;
    const event = someEvent(this.#made, 'shop', 'c');
    await this.store.commit([{ to: 'event', event, webhooks: ['shop'] }]);
    return event;
  }

  /** False: the ring refused it. */
  push(event: EventRecord | null): boolean {
    this.#frames += 1;
    if (!event) return false;
    const events = [{ event, webhooks: ['shop'] }];
    return this.writer.push(encodeEventFrame({ shard: 0, frame: this.#frames, events }));
  }

  start(): void {
    const { lanes, doorbell } = this;
    const intake = new Intake({
      ...{ rings: [this.ring], doorbell, clock: systemClock, lanes },
      backlog: new Backlog(systemClock, () => undefined, 100_000),
      ...{ onEvents: () => this.#take(), onOverflow: () => undefined },
    });
    const run = intake.run();
    onTestFinished(async () => {
      intake.stop();
      await run;
      this.lane.clear();
    });
  }

  /** Resolves when all that were made were taken. */
  async taken(): Promise<void> {
    while (this.order.length < this.#made) {
      await this.#changed.promise;
      this.#changed = Promise.withResolvers<void>();
    }
  }

  /** As the courier does. */
  #take(): void {
    for (let entry = this.lane.take(); entry; entry = this.lane.take()) {
      this.order.push(entry.seq);
      this.lane.finish(entry);
    }
    this.#changed.resolve();
  }
}

async function scene(): Promise<Scene> {
  const store = await openStore(optionsFor(scratchFolder()));
  onTestFinished(() => store.close());
  return new Scene(store);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

// The flag was cleared before the ring was drained, so that the shard pushed newer events behind the last ones
// before the gap, and they were admitted before the gap had been paged.
it('admits nothing from behind a gap while the ring is being drained', async () => {
  const stage = await scene();
  let refused = 0;
  while (refused < 3) if (!stage.push(await stage.commit())) refused += 1;
  const late = [await stage.commit(), await stage.commit()];
  const { open } = Object.getPrototypeOf(stage.lanes) as Lanes;
  // A shard on its own thread pushes at any moment: here whenever an event of the ring is looked at.
  stage.lanes.open = (id) => {
    const event = late.shift();
    if (event) stage.push(event);
    return open.call(stage.lanes, id);
  };
  stage.start();
  await stage.taken();
  expect(stage.order).toEqual(upTo(stage.order.length));
  expect(stage.order.length).toBeGreaterThan(5);
});

// The events of the frame behind the gap were admitted first, and the page was asked for afterwards.
it('admits nothing of a frame behind lost frames before they are paged', async () => {
  const stage = await scene();
  stage.start();
  stage.push(await stage.commit());
  await stage.taken();
  await stage.commit();
  const last = await stage.commit();
  stage.push(null);
  stage.push(last);
  await stage.taken();
  expect(stage.order).toEqual(upTo(3));
});

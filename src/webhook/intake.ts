/**
 * From the shards' rings into the lanes: the fast path and the doorbell. Whatever a ring could not take is
 * in the outbox, so an overflow, or a gap in a shard's frames, only means that every lane pages.
 */
import { type Clock, yieldTurn } from '../clock.ts';
import type { EventFrame } from '../protocol/events.ts';
import { decodeEventFrame } from '../store/event-frame.ts';
import { RingReader } from '../thread/ring.ts';
import { Doorbell } from '../thread/wake.ts';
import type { Backlog } from './backlog.ts';
import type { Lanes } from './lanes.ts';
import { doorbellFallbackMs, framesPerTurn } from './limits.ts';

export interface IntakeParts {
  readonly rings: readonly SharedArrayBuffer[];
  readonly doorbell: SharedArrayBuffer;
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly backlog: Backlog;
  /** After each round that admitted anything. */
  readonly onEvents: () => void;
  readonly onOverflow: () => void;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #readers: readonly RingReader[];
  readonly #lastFrames: number[];
  readonly #doorbell: Doorbell;
  #isStopped = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#readers = parts.rings.map((ring) => new RingReader(ring));
    this.#lastFrames = parts.rings.map(() => 0);
    this.#doorbell = new Doorbell(parts.doorbell, { keepAlive: parts.clock });
  }

  /** Before the first page: what lies in the rings is in the outbox, or delivered by an earlier thread. */
  discard(): void {
    for (const [ring, reader] of this.#readers.entries()) {
      reader.takeOverflow();
      for (let record = reader.pop(); record; record = reader.pop())
        this.#lastFrames[ring] = decodeEventFrame(record).frame;
    }
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      let isBusy = false;
      for (let ring = 0; ring < this.#readers.length; ring++) isBusy = this.#drain(ring) || isBusy;
      if (isBusy) {
        this.#parts.onEvents();
        await yieldTurn();
      } else {
        await this.#doorbell.wait(doorbellFallbackMs);
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#doorbell.ring();
  }

  /**
   * A bounded number of records of one ring; true when there was any. The order is that of `thread/ring.ts`:
   * a ring whose flag is up gets nothing new, so it is drained until it is empty, then the flag is cleared,
   * then every lane pages; what is pushed from then on waits for that page and cannot overtake the gap.
   */
  #drain(ring: number): boolean {
    const reader = this.#readers[ring];
    if (!reader) return false;
    const isOverflowing = reader.isOverflowing;
    for (let frames = 0; frames < framesPerTurn; frames++) {
      const record = reader.pop();
      if (!record) {
        if (isOverflowing && reader.takeOverflow()) this.#pageAll();
        return frames > 0 || isOverflowing;
      }
      this.#take(ring, decodeEventFrame(record));
    }
    return true;
  }

  #take(ring: number, { frame, events }: EventFrame): void {
    const last = this.#lastFrames[ring] ?? 0;
    this.#lastFrames[ring] = frame;
    // Frame 1 after others: the shard's thread was restarted and may have died between commit and push. Paged
    // before these events are offered, so that they wait behind what is missing.
    if (frame !== last + 1) this.#pageAll();
    for (const { event, webhooks } of events)
      for (const webhook of webhooks) {
        const lane = this.#parts.lanes.open(webhook);
        this.#parts.backlog.add(lane, event.instance, 1);
        lane.offer(event);
        this.#parts.lanes.queue(lane);
      }
  }

  #pageAll(): void {
    this.#parts.onOverflow();
    for (const lane of this.#parts.lanes.all()) this.#parts.lanes.suspect(lane);
  }
}

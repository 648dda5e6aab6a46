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

  /** A bounded number of records of one ring; true when there was any. */
  #drain(ring: number): boolean {
    const reader = this.#readers[ring];
    if (!reader) return false;
    // Cleared first: what is refused from here on raises it again, what was refused before is paged.
    const hasOverflowed = reader.takeOverflow();
    let frames = 0;
    for (; frames < framesPerTurn; frames++) {
      const record = reader.pop();
      if (!record) break;
      this.#take(ring, decodeEventFrame(record));
    }
    if (hasOverflowed) this.#pageAll();
    return frames > 0;
  }

  #take(ring: number, { frame, events }: EventFrame): void {
    const last = this.#lastFrames[ring] ?? 0;
    this.#lastFrames[ring] = frame;
    for (const { event, webhooks } of events)
      for (const webhook of webhooks) {
        const lane = this.#parts.lanes.open(webhook);
        this.#parts.backlog.add(lane, event.instance, 1);
        lane.offer(event);
        this.#parts.lanes.queue(lane);
      }
    // Frame 1 after others: the shard's thread was restarted and may have died between commit and push.
    if (frame !== last + 1) this.#pageAll();
  }

  #pageAll(): void {
    this.#parts.onOverflow();
    for (const lane of this.#parts.lanes.all()) this.#parts.lanes.suspect(lane);
  }
}

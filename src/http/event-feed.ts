/**
 * One live event stream (Server-Sent Events, or frames of a WebSocket): replays the log from where the client stopped, then follows.
 * Used by routes/events.ts. Never holds more than a bounded buffer for one client: who reads too slowly is
 * closed, reconnects with `Last-Event-ID` and misses nothing.
 */
import type { Clock, Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import type { EventRecord, EventType } from '../protocol/events.ts';
import { makeSeq, seqTimeMs } from '../store/sequence.ts';
import type { EventStream } from './event-stream.ts';
import {
  eventReplayBacklogMax,
  eventReplayedMax,
  eventReplayPageMax,
  eventResumeOverlapMs,
  eventStreamBufferMaxBytes,
  eventStreamKeepAliveMs,
} from './limits.ts';

export interface FeedQuery {
  /** Only this instance, or all. */
  readonly instance: string | null;
  /** Only these types, or all. */
  readonly types: ReadonlySet<EventType> | null;
  /** Resume after this sequence; null: live events only. */
  readonly after: number | null;
}

export interface Feed {
  readonly stream: ReadableStream<Uint8Array>;
  end(): void;
}

/** How events are written. */
export interface FeedFormat {
  event(event: EventRecord): Uint8Array;
  /** Sent now and then; null where something else keeps the connection alive. */
  readonly keepAlive: Uint8Array | null;
}

interface FeedOptions {
  /** Server-Sent Events when absent. */
  readonly format?: FeedFormat;
  readonly events: EventStream;
  readonly clock: Clock;
  onEnd(): void;
  onError(error: unknown): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** One event as SSE bytes; the body is JSON without line breaks. */
export const eventBytes = (event: EventRecord): Uint8Array =>
  encoder.encode(`id: ${event.seq}\nevent: ${event.type}\ndata: ${decoder.decode(event.body)}\n\n`);

const sse: FeedFormat = { event: eventBytes, keepAlive: encoder.encode(': keep-alive\n\n') };

/** One JSON text a frame: the position to resume after, and the event as webhooks get it. */
export const socketFormat: FeedFormat = {
  event: ({ seq, body }) => encoder.encode(`{"position":"${seq}","event":${decoder.decode(body)}}`),
  keepAlive: null,
};

/** Where a stream of all instances resumes: a little earlier, see `eventResumeOverlapMs`. */
const withOverlap = (seq: number): number =>
  Math.max(0, makeSeq(seqTimeMs(seq) - eventResumeOverlapMs, 0, 0) - 1);

class EventFeed {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #query: FeedQuery;
  readonly #options: FeedOptions;
  readonly #format: FeedFormat;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unsubscribe: () => void = () => {};
  #timer: Timer | undefined;
  /** Live events by sequence while the log is still being read; null once it has been. */
  #backlog: Map<number, EventRecord> | null = null;
  /** Sent from the log and perhaps still to be told live, oldest first. */
  readonly #replayed = new Set<number>();

  constructor(query: FeedQuery, options: FeedOptions) {
    this.#query = query;
    this.#options = options;
    this.#format = options.format ?? sse;
    const strategy = {
      highWaterMark: eventStreamBufferMaxBytes,
      size: (bytes?: Uint8Array) => bytes?.byteLength ?? 0,
    };
    this.stream = new ReadableStream(
      { start: (controller) => this.#start(controller), cancel: () => this.#release() },
      strategy,
    );
  }

  end(): void {
    const controller = this.#controller;
    this.#release();
    controller?.close();
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { after } = this.#query;
    this.#controller = controller;
    const { keepAlive } = this.#format;
    if (keepAlive) {
      this.#send(keepAlive);
      this.#timer = this.#options.clock.every(eventStreamKeepAliveMs, () => this.#send(keepAlive));
    }
    if (after !== null) this.#backlog = new Map();
    this.#unsubscribe = this.#options.events.subscribe((event) => this.#onLive(event));
    if (after !== null) detach(this.#replay(after), (error) => this.#fail(error));
  }

  #release(): void {
    if (!this.#controller) return;
    this.#controller = undefined;
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#options.onEnd();
  }

  #fail(error: unknown): void {
    this.#options.onError(error);
    this.end();
  }

  #onLive(event: EventRecord): void {
    if (!this.#wants(event) || this.#replayed.delete(event.seq)) return;
    if (!this.#backlog) this.#send(this.#format.event(event));
    else if (this.#backlog.size >= eventReplayBacklogMax) this.end();
    else this.#backlog.set(event.seq, event);
  }

  #wants(event: EventRecord): boolean {
    const { instance, types } = this.#query;
    return (instance === null || event.instance === instance) && (types === null || types.has(event.type));
  }

  /** The client's share of the buffer is spent: closed, so that it comes back and resumes. */
  #send(bytes: Uint8Array): void {
    if (!this.#controller) return;
    this.#controller.enqueue(bytes);
    if ((this.#controller.desiredSize ?? 0) <= 0) this.end();
  }

  #sendLogged(event: EventRecord): void {
    this.#backlog?.delete(event.seq);
    this.#replayed.add(event.seq);
    const [oldest] = this.#replayed;
    if (this.#replayed.size > eventReplayedMax && oldest !== undefined) this.#replayed.delete(oldest);
    this.#send(this.#format.event(event));
  }

  /** Pages through the log; what came live meanwhile follows, each event once. */
  async #replay(after: number): Promise<void> {
    await this.#options.events.settled?.();
    let seq = this.#query.instance === null ? withOverlap(after) : after;
    for (;;) {
      const page = await this.#options.events.since(this.#query.instance, seq, eventReplayPageMax);
      for (const event of page) {
        if (this.#wants(event)) this.#sendLogged(event);
        seq = event.seq;
      }
      if (page.length === 0 || !this.#controller) break;
    }
    const waiting = [...(this.#backlog?.values() ?? [])];
    this.#backlog = null;
    for (const event of waiting) this.#send(this.#format.event(event));
  }
}

export function openFeed(query: FeedQuery, options: FeedOptions): Feed {
  const feed = new EventFeed(query, options);
  return { stream: feed.stream, end: () => feed.end() };
}

/**
 * Live events: follows `GET /v1/events`, resumes after the last position when the stream breaks, and tells
 * each event once. Used by elenco.ts. Holds no more than the ids of the events of the last seconds.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ElencoError } from './error.ts';
import { type ElencoOptions, pause, request } from './request.ts';
import type { ElencoEvent, EventType } from './types.ts';

export interface EventsQuery {
  /** Only this instance; a token sees its own anyway. */
  readonly instance?: string;
  readonly types?: readonly EventType[];
  /** Resume after this position. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

export interface TimedEvent {
  /** Pass it as `after` to go on from here; the log reaches back 24 hours. */
  readonly position: string;
  readonly event: ElencoEvent;
}

/** Iterate once. `close` ends the stream and the iteration. */
export interface EventFeed extends AsyncIterable<TimedEvent> {
  close(): void;
}

const reconnectDelayMsMin = 500;
const reconnectDelayMsMax = 30_000;
/** A stream of all instances tells the last 5 seconds before its position again. */
const rememberedMax = 5_000;

const open = (options: ElencoOptions, query: EventsQuery, after: string | undefined, signal: AbortSignal) =>
  request({ ...options, retries: 0 }, 'GET', '/v1/events', {
    query: { instance: query.instance, types: query.types?.join(','), after },
    timeoutMs: null,
    signal,
  });

/** Refusals do not change by asking again; everything else does. */
const isFinal = (error: unknown): boolean =>
  error instanceof ElencoError && error.status >= 400 && error.status < 500 && error.status !== 429;

class Feed implements EventFeed {
  readonly #options: ElencoOptions;
  readonly #query: EventsQuery;
  readonly #aborter = new AbortController();
  readonly #signal: AbortSignal;
  readonly #told = new Set<string>();
  #position: string | undefined;
  #response: Response | undefined;

  constructor(options: ElencoOptions, query: EventsQuery) {
    this.#options = options;
    this.#query = query;
    this.#position = query.after;
    this.#signal = query.signal
      ? AbortSignal.any([query.signal, this.#aborter.signal])
      : this.#aborter.signal;
  }

  async connect(): Promise<void> {
    this.#response = await open(this.#options, this.#query, this.#position, this.#signal);
  }

  close(): void {
    this.#aborter.abort();
  }

  #isNew(id: string): boolean {
    if (this.#told.has(id)) return false;
    this.#told.add(id);
    const [oldest] = this.#told;
    if (this.#told.size > rememberedMax && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }

  async *#follow({ body }: Response): AsyncGenerator<TimedEvent> {
    if (!body) return;
    const text = body.pipeThrough(new TextDecoderStream()) as ReadableStream<string>;
    for await (const { id, data } of text.pipeThrough(new EventSourceParserStream())) {
      const event = JSON.parse(data) as ElencoEvent;
      this.#position = id ?? this.#position;
      if (this.#isNew(event.id)) yield { position: id ?? '', event };
    }
  }

  async #reconnect(): Promise<Response> {
    for (let delayMs = reconnectDelayMsMin; ; delayMs = Math.min(delayMs * 2, reconnectDelayMsMax)) {
      await pause(delayMs, this.#signal);
      try {
        return await open(this.#options, this.#query, this.#position, this.#signal);
      } catch (error) {
        if (isFinal(error)) throw error;
      }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TimedEvent> {
    try {
      for (let response = this.#response; response; response = await this.#reconnect()) {
        try {
          yield* this.#follow(response);
        } catch (error) {
          // The connection broke: resumed below. What the reader of the events throws does not come here.
          if (error instanceof SyntaxError) throw error;
        }
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    } finally {
      this.close();
    }
  }
}

/** Resolves once the gateway streams: what happens from then on is told. */
export async function openEvents(options: ElencoOptions, query: EventsQuery): Promise<EventFeed> {
  const feed = new Feed(options, query);
  await feed.connect();
  return feed;
}

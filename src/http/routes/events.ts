/** Live events as Server-Sent Events and over WebSocket. An instance token sees its own instance only. */
import type { z } from '@hono/zod-openapi';
import { AppError, toFailure } from '../../errors.ts';
import type { Answer } from '../answer.ts';
import type { Caller } from '../auth.ts';
import { type Feed, type FeedFormat, type FeedQuery, openFeed, socketFormat } from '../event-feed.ts';
import { eventStreamsMax } from '../limits.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { eventPosition, eventsQuery } from '../schemas/event-query.ts';
import { check } from '../validate.ts';
import { visibleInstance } from './found.ts';

export interface EventRoutes {
  readonly routes: readonly AnyRoute[];
  /** Ends every open stream. */
  endAll(): void;
}

type Header = (name: string) => string | undefined;

function feedQuery(
  query: z.output<typeof eventsQuery>,
  caller: Caller,
  header: Header,
  options: FrontOptions,
): FeedQuery {
  const lastEventId = header('last-event-id');
  const resumeAt = lastEventId ? check(eventPosition, lastEventId, 'query') : query.after;
  return {
    instance: visibleInstance(options.commands, query.instance, caller),
    types: query.types ? new Set(query.types) : null,
    after: resumeAt ?? null,
  };
}

const streamed = (body: ReadableStream<Uint8Array>): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  body,
});

export function eventRoutes(options: FrontOptions): EventRoutes {
  const open = new Set<Feed>();

  function follow(query: FeedQuery, format?: FeedFormat): Answer {
    if (open.size >= eventStreamsMax) {
      throw new AppError(
        'mailbox_full',
        `${eventStreamsMax} event streams are open, that is all there may be`,
      );
    }
    const feed = openFeed(query, {
      ...(format ? { format } : {}),
      events: options.events,
      clock: options.clock,
      onEnd: () => open.delete(feed),
      onError: (error) => options.log.warn({ failure: toFailure(error) }, 'an event stream ended'),
    });
    open.add(feed);
    return streamed(feed.stream);
  }

  const events = route({
    method: 'get',
    path: '/v1/events',
    tag: 'events',
    summary: 'Live events (SSE); `after` or `Last-Event-ID` resumes from the event log',
    access: 'key',
    limit: 'global',
    problems: ['instance_not_found'],
    query: eventsQuery,
    answers: { 200: { about: 'An endless stream of events', types: ['text/event-stream'] } },
    handle: ({ query, caller, header }) => follow(feedQuery(query, caller, header, options)),
  });

  const socket = route({
    method: 'get',
    path: '/v1/events/ws',
    tag: 'events',
    summary: 'The same events over WebSocket, one JSON text `{ position, event }` a frame',
    access: 'key',
    limit: 'global',
    problems: ['instance_not_found'],
    query: eventsQuery,
    answers: { 101: { about: 'A WebSocket' } },
    handle({ query, caller, header }) {
      // Node hands every request with both fields to event-socket.ts, which passes it on to here.
      if (!header('upgrade') || !/upgrade/i.test(header('connection') ?? ''))
        throw new AppError('validation_failed', 'this path takes a WebSocket handshake');
      return follow(feedQuery(query, caller, header, options), socketFormat);
    },
  });

  return {
    routes: [events, socket],
    endAll() {
      for (const feed of [...open]) feed.end();
    },
  };
}

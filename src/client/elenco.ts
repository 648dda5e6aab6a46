/**
 * The typed client of the REST API, exported by the package as `elenco/client` and built by `npm run client`.
 * Paths, inputs and answers are those of /openapi.json; it needs nothing of the gateway's own code. Used by
 * programs that call the gateway, by the `elenco` command and by the end-to-end tests.
 */
import { ElencoError } from './error.ts';
import { type EventFeed, type EventsQuery, openEvents } from './events.ts';
import { type AnyInput, type ElencoOptions, request } from './request.ts';
import type { AnswerOf, Method, PathOf, Rest } from './types.ts';

export type * from './api.d.ts';
export type { EventFeed, EventsQuery, TimedEvent } from './events.ts';
export type { ElencoOptions } from './request.ts';
export type {
  Answer,
  ElencoEvent,
  ErrorCode,
  EventOf,
  EventType,
  Input,
  Method,
  Operation,
} from './types.ts';
export { ElencoError };

type Call<M extends Method> = <P extends PathOf<M>>(path: P, ...rest: Rest<M, P>) => Promise<AnswerOf<M, P>>;

export interface Elenco {
  readonly get: Call<'GET'>;
  readonly post: Call<'POST'>;
  readonly put: Call<'PUT'>;
  readonly patch: Call<'PATCH'>;
  readonly delete: Call<'DELETE'>;
  /** The whole response of a success, for headers, pictures and media; the body is the caller's to read. */
  fetch<M extends Method, P extends PathOf<M>>(method: M, path: P, ...rest: Rest<M, P>): Promise<Response>;
  /** Live events; `for await (const { event } of await elenco.events())`. */
  events(query?: EventsQuery): Promise<EventFeed>;
}

async function contentOf(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  if (response.status === 204) return undefined;
  if (/json/.test(type)) return response.json();
  return type.startsWith('text/') ? response.text() : new Uint8Array(await response.arrayBuffer());
}

export function createElenco(options: ElencoOptions): Elenco {
  const call =
    <M extends Method>(method: M): Call<M> =>
    async <P extends PathOf<M>>(path: P, ...[input]: Rest<M, P>) =>
      (await contentOf(await request(options, method, path, (input ?? {}) as AnyInput))) as AnswerOf<M, P>;
  return {
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    fetch: (method, path, ...[input]) => request(options, method, path, (input ?? {}) as AnyInput),
    events: (query = {}) => openEvents(options, query),
  };
}

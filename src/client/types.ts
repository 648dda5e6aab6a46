/**
 * The shapes of calls, worked out from the operations of /openapi.json. `api.d.ts` is generated beside the
 * built files by bin/make-client.ts (`npm run client`); everything here is types only.
 */
import type { Operations, Problem, Webhooks } from './api.d.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `POST /v1/instances/{id}/messages` and so on. */
export type Operation = keyof Operations;

/** The paths that a method is served at. */
export type PathOf<M extends Method> = {
  [K in Operation]: K extends `${M} ${infer P}` ? P : never;
}[Operation];

type At<M extends Method, P extends string> = `${M} ${P}` & Operation;
type Sent<K extends Operation> = Operations[K]['input'];

/** What every call takes beside its path, query and body. */
export interface CallOptions {
  /** Names the request, so that a repeat is not done twice. Made by itself for every change. */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long the answer may take, in ms; null: for ever. */
  readonly timeoutMs?: number | null;
  /** A file, sent beside the body as multipart; for operations that take media. */
  readonly file?: Blob;
}

/** The path parameters, query and body of an operation, as the document has them. */
export type Input<K extends Operation> = Pick<Sent<K>, Extract<keyof Sent<K>, 'path' | 'query' | 'body'>> &
  CallOptions;

/** The arguments after the path: none are needed where nothing is required. */
export type Rest<M extends Method, P extends string> =
  Record<never, never> extends Input<At<M, P>> ? [input?: Input<At<M, P>>] : [input: Input<At<M, P>>];

/** What an operation answers when it succeeds. */
export type Answer<K extends Operation> = Operations[K]['answers'][keyof Operations[K]['answers']];
export type AnswerOf<M extends Method, P extends string> = Answer<At<M, P>>;

/** The codes of problems; `unreachable` is this side's: no answer came. */
export type ErrorCode = Problem['code'] | 'unreachable';
export type ProblemDocument = Problem;

/** Every event, told apart by `type`: what webhooks get and streams tell. */
export type ElencoEvent = Webhooks['body'];
export type EventType = ElencoEvent['type'];
export type EventOf<T extends EventType> = Extract<ElencoEvent, { type: T }>;

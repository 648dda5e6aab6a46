/**
 * A route as data: path, who may use it, which limit counts it, the schemas that validate it and from which
 * /openapi.json is made, and the function that answers. The files under routes/ list them; pipeline.ts runs
 * them. A handler gets checked input and answers with data; it never sees headers, sockets or Hono.
 */
import type { z } from '@hono/zod-openapi';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ErrorCode } from '../errors.ts';
import type { Log } from '../log.ts';
import type { HttpMetrics } from '../monitoring/http-metrics.ts';
import type { Commands } from '../protocol/commands.ts';
import type { MediaIntake, Upload } from '../protocol/media.ts';
import type { Operations } from '../protocol/operations.ts';
import type { Transfers } from '../protocol/transfers.ts';
import type { Store } from '../store/ports.ts';
import type { Answer } from './answer.ts';
import type { Access, Caller } from './auth.ts';
import type { EventStream } from './event-stream.ts';
import type { RateClass } from './rate-limits.ts';

export type PictureFormat = 'png' | 'svg';

/** What the front is started with; everything that it does goes through these. */
export interface FrontOptions {
  readonly config: Config;
  readonly commands: Commands;
  readonly operations: Operations;
  readonly transfers: Transfers;
  readonly store: Pick<Store, 'idempotency' | 'commit'>;
  readonly events: EventStream;
  readonly media: MediaIntake;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  readonly metrics: HttpMetrics;
  renderQr(text: string, format: PictureFormat): Promise<Uint8Array>;
  isDraining(): boolean;
}

export interface RouteInput<Q, B> {
  readonly caller: Caller;
  readonly query: Q;
  readonly body: B;
  /** For routes that send: the WhatsApp message id, the same on every try under one idempotency key. */
  readonly messageId: string;
  /** The file that came with the body; removed when the request is over. */
  readonly upload: Upload | null;
  /** A path parameter, decoded. */
  param(name: string): string;
  header(name: string): string | undefined;
}

export interface AnswerSpec {
  readonly about: string;
  /** Schema of a JSON answer. */
  readonly json?: z.ZodType;
  /** Other media types that this answer can have. */
  readonly types?: readonly string[];
}

export interface Route<Q, B> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As in OpenAPI: `/v1/instances/{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** The name in generated clients, unlike any other; made of method and path where absent. */
  readonly operationId?: string;
  readonly access: Access;
  /** null: not limited. */
  readonly limit: RateClass | null;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Needs the connection to WhatsApp, with all that WhatsApp may have against it. */
  readonly asksWhatsapp?: boolean;
  /** Problems beyond those that follow from the rest; see `problem-codes.ts`. */
  readonly problems?: readonly ErrorCode[];
  /** Bodies to show, by name; one is made from the schema where absent. A test sends each of them. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Takes an Idempotency-Key. */
  readonly idempotent?: boolean;
  /** Sends a WhatsApp message, whose id is kept with the idempotency key. */
  readonly sends?: boolean;
  /** Whether this caller asked to wait for a person, a phone or an endpoint: no slow answer of the gateway. */
  waits?(call: RouteInput<Q, B>): boolean;
  /** Takes a file: as multipart, or as base64 in a JSON body of any size; `alone`: the part `json` may be absent. */
  readonly takesMedia?: boolean | 'alone';
  /** Takes as long as a transfer does, beyond REQUEST_TIMEOUT_MS. */
  readonly transfers?: boolean;
  /** Answers while the gateway drains. */
  readonly duringDrain?: boolean;
  handle(call: RouteInput<Q, B>): Answer | Promise<Answer>;
}

/** A route whose input types are erased: what the tables hold. */
export type AnyRoute = Route<unknown, unknown>;

/** Types a route by its schemas and erases it for the table. */
export const route = <Q = unknown, B = unknown>(spec: Route<Q, B>): AnyRoute => spec as AnyRoute;

/** Where the instance stands in a route's path, or undefined for routes about no instance. */
export const isAboutInstance = (spec: Pick<AnyRoute, 'path'>): boolean =>
  spec.path.startsWith('/v1/instances/{id}');

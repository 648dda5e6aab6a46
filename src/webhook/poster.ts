/**
 * One POST with undici: the only file that touches the network. Timeouts are set on the agent, connections
 * per origin are bounded, redirects are not followed, the address is judged after DNS, the response is read
 * to its end within a bound. It never throws: every failure is an `Outcome`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock.ts';
import { AddressRefused, guardedConnector } from '../network/connector.ts';
import { originsMax, responseKeptBytes, responseMaxBytes } from './limits.ts';
import type { Outcome } from './policy.ts';
import { headersFor, type Target } from './target.ts';

export interface PosterOptions {
  readonly timeoutMs: number;
  readonly connectionsPerOrigin: number;
  readonly isPrivateDenied: boolean;
  readonly clock: Clock;
}

export interface Poster {
  post(target: Target, id: string, body: Uint8Array, keepBody: boolean): Promise<Outcome>;
  /** Ends what is under way; its outcomes are failures. */
  close(): Promise<void>;
}

function failureText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return failureText(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && !error.message.startsWith(code)
    ? `${code}: ${error.message}`
    : error.message;
}

/** Trying again cannot help: the address is refused, or a header is not one. */
const isHopeless = (error: unknown): boolean =>
  error instanceof AddressRefused || (error as { code?: unknown } | null)?.code === 'UND_ERR_INVALID_ARG';

/** Why a response is ended before its end; what it said stands. */
const enough = new Error('the response is too long, or takes too long');

/**
 * One POST as undici hands it over, without a stream around the body: a delivery wants the status, seldom the
 * body. The response is read to its end, within a bound, so that the connection can be used again.
 */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #retryAfter: string | null = null;
  #keepsBody: boolean;
  readonly #parts: Buffer[] = [];
  #size = 0;
  readonly #bodies: OpenBodies;
  readonly #startedAt: number;
  readonly #resolve: (outcome: Outcome) => void;

  constructor(bodies: OpenBodies, keepsBody: boolean, resolve: (outcome: Outcome) => void) {
    this.#bodies = bodies;
    this.#keepsBody = keepsBody;
    this.#startedAt = bodies.clock.elapsed();
    this.#resolve = resolve;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    // 1xx: the answer is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#retryAfter = headerText(headers['retry-after']);
    this.#keepsBody ||= status >= 300;
  }

  onResponseData(_: unknown, part: Buffer): void {
    if (this.#size === 0) this.#bodies.began(this);
    if (this.#keepsBody && this.#size < responseKeptBytes) this.#parts.push(part);
    this.#size += part.length;
    if (this.#size >= responseMaxBytes) this.cut();
  }

  onResponseEnd(): void {
    this.#answered();
  }

  /** Once the status is here it is the answer: a body that breaks off adds nothing to it. */
  onResponseError(_: unknown, error: Error): void {
    if (this.#status === null) this.failed(error);
    else this.#answered();
  }

  cut(): void {
    this.#controller?.abort(enough);
  }

  failed(error: unknown): void {
    this.#end({
      ...{ httpStatus: null, retryAfter: null, body: null },
      ...{ error: failureText(error), isRefused: isHopeless(error), tookMs: this.#tookMs() },
    });
  }

  #answered(): void {
    const kept = Buffer.concat(this.#parts).subarray(0, responseKeptBytes);
    this.#end({
      ...{ httpStatus: this.#status, error: null, isRefused: false, retryAfter: this.#retryAfter },
      ...{ body: this.#keepsBody ? kept.toString() : null, tookMs: this.#tookMs() },
    });
  }

  #end(outcome: Outcome): void {
    if (this.#size > 0) this.#bodies.ended(this);
    this.#resolve(outcome);
  }

  #tookMs(): number {
    return this.#bodies.clock.elapsed() - this.#startedAt;
  }
}

/**
 * Bodies that are being read, with the time they began: one timer for all ends those that dribble on for
 * longer than a whole request may take (undici's own time-out begins anew with every byte).
 */
class OpenBodies {
  readonly clock: Clock;
  readonly #began = new Map<Exchange, number>();
  readonly #timer: Timer;

  constructor(clock: Clock, timeoutMs: number) {
    this.clock = clock;
    this.#timer = clock.every(timeoutMs, () => this.#endOld(clock.elapsed() - timeoutMs));
  }

  began(exchange: Exchange): void {
    this.#began.set(exchange, this.clock.elapsed());
  }

  ended(exchange: Exchange): void {
    this.#began.delete(exchange);
  }

  stop(): void {
    this.#timer.cancel();
  }

  #endOld(beforeMs: number): void {
    for (const [exchange, beganMs] of this.#began) if (beganMs < beforeMs) exchange.cut();
  }
}

const headerText = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) ?? null;

export function createPoster(options: PosterOptions): Poster {
  const { clock, timeoutMs } = options;
  const bodies = new OpenBodies(clock, timeoutMs);
  const agent = new Agent({
    connect: guardedConnector(timeoutMs, options.isPrivateDenied ? 'WEBHOOK_DENY_PRIVATE' : null),
    connections: options.connectionsPerOrigin,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxOrigins: originsMax,
    allowH2: false,
  });
  const post = (target: Target, id: string, body: Uint8Array, keepBody: boolean): Promise<Outcome> =>
    new Promise((resolve) => {
      const exchange = new Exchange(bodies, keepBody, resolve);
      try {
        const headers = headersFor(target, id, body, clock.now());
        const { origin, path } = target;
        agent.dispatch({ origin, path, method: 'POST', headers, body }, exchange);
      } catch (error) {
        exchange.failed(error);
      }
    });
  const close = async (): Promise<void> => {
    bodies.stop();
    await agent.destroy();
  };
  return { post, close };
}

/**
 * One POST with undici: the only file that touches the network. Timeouts are set on the agent, connections
 * per origin are bounded, redirects are not followed, the address is judged after DNS, the response is read
 * to its end within a bound. It never throws: every failure is an `Outcome`.
 */
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

type Body = Dispatcher.ResponseData['body'];

/** Up to the kept size; then the rest is dumped. A body that breaks off is what came of it. */
async function readKept(body: Body): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size >= responseMaxBytes) break;
    }
  } catch {
    // The status is the answer; a body that is cut off adds nothing to it.
  }
  return Buffer.concat(parts).subarray(0, responseKeptBytes).toString();
}

/**
 * Bodies that are being read, with the time they began: one timer for all ends those that dribble on for
 * longer than a whole request may take (undici's own time-out begins anew with every byte).
 */
class OpenBodies {
  readonly #began = new Map<Body, number>();
  readonly #clock: Clock;
  readonly #timer: Timer;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timer = clock.every(timeoutMs, () => this.#endOld(clock.elapsed() - timeoutMs));
  }

  /** Reads the response to its end, so that the connection can be used again. */
  async finish(body: Body, keepBody: boolean): Promise<string | null> {
    this.#began.set(body, this.#clock.elapsed());
    try {
      if (keepBody) return await readKept(body);
      await body.dump({ limit: responseMaxBytes });
      return null;
    } catch {
      return null;
    } finally {
      this.#began.delete(body);
    }
  }

  stop(): void {
    this.#timer.cancel();
  }

  #endOld(beforeMs: number): void {
    for (const [body, beganMs] of this.#began) if (beganMs < beforeMs) body.destroy();
  }
}

const headerText = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) ?? null;

const answered = (
  httpStatus: number,
  retryAfter: string | null,
  body: string | null,
  tookMs: number,
): Outcome => ({ httpStatus, error: null, isRefused: false, retryAfter, body, tookMs });

const failed = (error: unknown, tookMs: number): Outcome => ({
  ...{ httpStatus: null, retryAfter: null, body: null },
  ...{ error: failureText(error), isRefused: isHopeless(error), tookMs },
});

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
  const post = async (target: Target, id: string, body: Uint8Array, keepBody: boolean): Promise<Outcome> => {
    const startedAt = clock.elapsed();
    try {
      const headers = headersFor(target, id, body, clock.now());
      const { origin, path } = target;
      const answer = await agent.request({ origin, path, method: 'POST', headers, body });
      const { statusCode } = answer;
      const text = await bodies.finish(answer.body, keepBody || statusCode >= 300);
      return answered(
        statusCode,
        headerText(answer.headers['retry-after']),
        text,
        clock.elapsed() - startedAt,
      );
    } catch (error) {
      return failed(error, clock.elapsed() - startedAt);
    }
  };
  const close = async (): Promise<void> => {
    bodies.stop();
    await agent.destroy();
  };
  return { post, close };
}

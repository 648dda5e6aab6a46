/**
 * One call over HTTP: fills the path, sends, repeats what may be repeated. 429, 503 and a lost connection
 * are tried again, after `Retry-After` where it was said; every change carries an Idempotency-Key, so that a
 * repeat is never done twice. Never logs, and keeps nothing between calls.
 */
import { ElencoError, errorOf, unreachable } from './error.ts';
import type { CallOptions, Method } from './types.ts';

export interface ElencoOptions {
  /** Where the gateway is, for example `http://127.0.0.1:3000`. */
  readonly url: string;
  /** The admin key or an instance's token. */
  readonly key?: string;
  /** How often a call is tried again; default 2. */
  readonly retries?: number;
  /** How long one try may take, in ms; default 60,000. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A call with its types erased. */
export interface AnyInput extends CallOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Parameters;
  readonly body?: unknown;
}

const retriesDefault = 2;
const timeoutMsDefault = 60_000;
const retryDelayMsMin = 250;
/** Who asks to wait for longer than this gets the error instead. */
const retryDelayMsMax = 60_000;

export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });

export function urlOf(base: string, path: string, input: AnyInput): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = input.path?.[name];
    if (value === undefined || value === '') throw new TypeError(`${path} needs path.${name}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.append(name, String(value));
  return `${base.replace(/\/+$/, '')}${filled}${query.size > 0 ? `?${query}` : ''}`;
}

/** JSON alone, or with a file as multipart: the part `json` first, then `file`. */
function bodyOf({ body, file }: AnyInput): { body?: string | FormData; type?: string } {
  if (file) {
    const form = new FormData();
    // A text: a Blob would come with a file name, as a second file.
    form.append('json', JSON.stringify(body ?? {}));
    form.append('file', file);
    return { body: form };
  }
  return body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' };
}

export function headersOf(options: ElencoOptions, more: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(options.headers);
  if (options.key !== undefined) headers.set('authorization', `Bearer ${options.key}`);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  return headers;
}

function signalOf(options: ElencoOptions, input: AnyInput): AbortSignal | null {
  const limitMs = input.timeoutMs === undefined ? (options.timeoutMs ?? timeoutMsDefault) : input.timeoutMs;
  const signals = [input.signal ?? [], limitMs === null ? [] : AbortSignal.timeout(limitMs)].flat();
  return signals.length === 0 ? null : AbortSignal.any(signals);
}

async function once(options: ElencoOptions, url: string, init: RequestInit): Promise<Response> {
  const send = options.fetch ?? globalThis.fetch;
  let response: Response;
  try {
    response = await send(url, init);
  } catch (error) {
    throw unreachable(url, error);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** How long to wait before the next try; undefined where the error is final. */
function retryDelayMs(error: unknown, tried: number): number | undefined {
  if (!(error instanceof ElencoError) || ![0, 429, 503].includes(error.status)) return undefined;
  const delayMs = error.retryAfterMs ?? retryDelayMsMin * 2 ** tried;
  return delayMs <= retryDelayMsMax ? delayMs : undefined;
}

/** The successful answer; everything else is thrown as `ElencoError`. */
export async function request(
  options: ElencoOptions,
  method: Method,
  path: string,
  input: AnyInput,
): Promise<Response> {
  const url = urlOf(options.url, path, input);
  const { body, type } = bodyOf(input);
  const retries = options.retries ?? retriesDefault;
  const key = input.idempotencyKey ?? (method !== 'GET' && retries > 0 ? crypto.randomUUID() : undefined);
  const headers = headersOf(options, {
    ...(type ? { 'content-type': type } : {}),
    ...(key ? { 'idempotency-key': key } : {}),
    ...input.headers,
  });
  for (let tried = 0; ; tried += 1) {
    try {
      const signal = signalOf(options, input);
      return await once(options, url, { method, headers, signal, ...(body ? { body } : {}) });
    } catch (error) {
      if (input.signal?.aborted) throw input.signal.reason;
      const delayMs = tried < retries ? retryDelayMs(error, tried) : undefined;
      if (delayMs === undefined) throw error;
      await pause(delayMs, input.signal);
    }
  }
}

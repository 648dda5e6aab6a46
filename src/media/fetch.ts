/**
 * Fetches what a user named by URL: http and https only, addresses judged at every connection, redirects counted
 * and each judged anew, time bounded in all and between two bytes. Gives a stream; never holds a file in memory.
 */
import { Agent, type Dispatcher } from 'undici';
import { AppError } from '../errors.ts';
import { AddressRefused, guardedConnector } from '../network/connector.ts';
import { fetchIdleTimeoutMs, fetchTimeoutMs, redirectsMax } from './limits.ts';

export interface Fetched {
  readonly url: string;
  readonly mimetype: string | null;
  readonly filename: string | null;
  /** As the server announces it; null where it does not. */
  readonly sizeBytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the transfer where the body is not read to its end. */
  cancel(): void;
}

export interface Fetcher {
  /** Rejects `validation_failed` where the URL cannot be had; never follows it into a private network. */
  fetch(url: string, timeoutMs?: number): Promise<Fetched>;
  close(): Promise<void>;
}

const agentName = 'Mozilla/5.0 (compatible; elenco)';
const redirects = new Set([301, 302, 303, 307, 308]);

const refused = (url: string, why: string): AppError =>
  new AppError('validation_failed', `${shown(url)} cannot be fetched: ${why}`, {
    errors: [{ path: 'media.url', message: why }],
  });

/** Without user, password and query: they may be secrets. */
function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname}` : 'the URL';
}

function whyFailed(error: unknown): string {
  if (error instanceof AddressRefused) return error.message;
  const known = error as { name?: string; code?: string; message?: string } | null;
  if (known?.name === 'TimeoutError' || known?.name === 'AbortError') return 'it took too long';
  return known?.code ?? known?.message ?? String(error);
}

const headerOf = (answer: Dispatcher.ResponseData, name: string): string | null => {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
};

/** The type without its parameters; what says nothing is null. */
function mimetypeOf(answer: Dispatcher.ResponseData): string | null {
  const type = headerOf(answer, 'content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) && !type.endsWith('/octet-stream') ? type : null;
}

function sizeOf(answer: Dispatcher.ResponseData): number | null {
  const length = headerOf(answer, 'content-length');
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/** From `Content-Disposition`, else the last part of the path; without anything that could be a folder. */
function filenameOf(answer: Dispatcher.ResponseData, url: URL): string | null {
  const disposition = headerOf(answer, 'content-disposition') ?? '';
  const encoded = /filename\*=(?:UTF-8'')?([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition)?.[1];
  const raw = encoded ?? plain ?? url.pathname.split('/').at(-1) ?? '';
  let name = raw;
  try {
    name = decodeURIComponent(raw);
  } catch {
    // A stray percent sign: the name as it stands.
  }
  const bare = name.replace(/^.*[\\/]/, '').trim();
  return bare === '' ? null : bare.slice(0, 255);
}

function parsedUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw refused(text, 'takes an http or https URL');
  return url;
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const text = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  const basic = Buffer.from(`${text(username)}:${text(password)}`).toString('base64');
  return { authorization: `Basic ${basic}` };
}

async function* bounded(answer: Dispatcher.ResponseData, url: string): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw refused(url, `it broke off: ${whyFailed(error)}`);
  }
}

export function createFetcher(isPrivateDenied: boolean): Fetcher {
  const agent = new Agent({
    connect: guardedConnector(fetchIdleTimeoutMs, isPrivateDenied ? 'MEDIA_DENY_PRIVATE' : null),
    headersTimeout: fetchIdleTimeoutMs,
    bodyTimeout: fetchIdleTimeoutMs,
    allowH2: false,
  });

  async function request(first: string, url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      const headers = { 'user-agent': agentName, accept: '*/*', ...authorizationOf(url) };
      const { origin, pathname, search } = url;
      return await agent.request({ origin, path: pathname + search, method: 'GET', headers, signal });
    } catch (error) {
      throw refused(first, whyFailed(error));
    }
  }

  async function follow(text: string, signal: AbortSignal): Promise<[Dispatcher.ResponseData, URL]> {
    let url = parsedUrl(text);
    for (let hops = 0; hops <= redirectsMax; hops += 1) {
      const answer = await request(text, url, signal);
      const location = headerOf(answer, 'location');
      if (!redirects.has(answer.statusCode) || location === null) return [answer, url];
      await answer.body.dump();
      const next = URL.parse(location, url.href);
      if (!next) throw refused(text, 'it redirects to something that is no URL');
      url = parsedUrl(next.href);
    }
    throw refused(text, `more than ${redirectsMax} redirects`);
  }

  return {
    async fetch(text, timeoutMs = fetchTimeoutMs) {
      const [answer, url] = await follow(text, AbortSignal.timeout(timeoutMs));
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        throw refused(text, `it answered ${answer.statusCode}`);
      }
      return {
        url: url.href,
        mimetype: mimetypeOf(answer),
        filename: filenameOf(answer, url),
        sizeBytes: sizeOf(answer),
        body: bounded(answer, text),
        cancel: () => answer.body.destroy(),
      };
    },
    close: () => agent.destroy(),
  };
}

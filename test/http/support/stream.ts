/** Reads a Server-Sent Events answer event by event; a guard fails a test that would wait for ever. */
import { adminKey } from './fake-commands.ts';

const guardMs = 30_000;

export interface SseEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface SseClient {
  readonly response: Response;
  /** The next event, or undefined at the end of the stream. Comments are skipped. */
  next(): Promise<SseEvent | undefined>;
  close(): void;
}

function field(block: string, name: string): string {
  const line = block.split('\n').find((text) => text.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

export async function openSse(
  url: string,
  options: { readonly key?: string; readonly headers?: Record<string, string> } = {},
): Promise<SseClient> {
  const aborter = new AbortController();
  const headers = { authorization: `Bearer ${options.key ?? adminKey}`, ...options.headers };
  const response = await fetch(url, {
    headers,
    signal: AbortSignal.any([aborter.signal, AbortSignal.timeout(guardMs)]),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = '';

  async function block(): Promise<string | undefined> {
    for (;;) {
      const end = buffered.indexOf('\n\n');
      if (end >= 0) {
        const text = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        return text;
      }
      const read = await reader?.read();
      if (!read || read.done) return undefined;
      buffered += read.value;
    }
  }

  return {
    response,
    async next() {
      for (;;) {
        const text = await block();
        if (text === undefined) return undefined;
        if (!text.startsWith(':'))
          return { id: field(text, 'id'), event: field(text, 'event'), data: field(text, 'data') };
      }
    },
    close: () => aborter.abort(),
  };
}

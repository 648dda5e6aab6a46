/** A webhook endpoint on loopback that a test scripts: it records what comes and answers as told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly id: string;
  readonly text: string;
  readonly body: { readonly id: string; readonly instance: string; readonly data: { readonly n: number } };
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
}

/** A status with headers and body, or what a bad endpoint does instead of answering. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang'
  /** 200, and then one byte after another without end. */
  | 'dribble'
  | 'reset';

export type Script = (received: Received, count: number) => Answer | Promise<Answer>;

export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #waiters = new Set<() => void>();
  script: Script;

  constructor(script: Script) {
    this.script = script;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const { headers, url = '' } = request;
        const received = {
          id: String(headers['webhook-id']),
          text,
          body: JSON.parse(text),
          headers,
          path: url,
        };
        this.received.push(received);
        for (const look of this.#waiters) look();
        void this.#answer(received, response);
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    onTestFinished(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** The numbers of the events that came, in order of arrival. */
  get numbers(): number[] {
    return this.received.map(({ body }) => body.data.n);
  }

  /** Resolves when `isSo` holds, looked at after each arrival. The test's own time-out is the guard. */
  async until(isSo: (received: readonly Received[]) => boolean): Promise<void> {
    if (isSo(this.received)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo(this.received)) resolve();
    };
    this.#waiters.add(look);
    await promise;
    this.#waiters.delete(look);
  }

  count(count: number): Promise<void> {
    return this.until((received) => received.length >= count);
  }

  async #answer(received: Received, response: ServerResponse): Promise<void> {
    const answer = await this.script(received, this.received.length);
    if (answer === 'hang') return;
    if (answer === 'dribble') {
      response.writeHead(200);
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
      return;
    }
    if (answer === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    response.writeHead(answer.status, answer.headers ?? {});
    response.end(answer.body ?? '');
  }
}

export const ok: Answer = { status: 200 };

export const startReceiver = (script: Script = () => ok): Promise<Receiver> => new Receiver(script).listen();

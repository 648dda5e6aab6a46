/** A webhook endpoint over real HTTP that keeps what arrives and lets a test wait for it, event by event. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly instance: string;
  readonly at: string;
  // biome-ignore lint/suspicious/noExplicitAny: the data of an event is JSON of its own schema
  readonly data: any;
}

export interface Delivered {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: ReceivedEvent;
}

type Wanted = (delivered: Delivered) => boolean;
const guardMs = 30_000;

export class WebhookReceiver {
  readonly url: string;
  readonly deliveries: Delivered[] = [];
  /** The status that the endpoint answers with. */
  status = 200;
  #server: Server;
  #waiting = new Set<() => void>();

  constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts).toString();
        response.statusCode = receiver.status;
        response.end();
        if (receiver.status < 300)
          receiver.#take({ headers: request.headers, body, event: JSON.parse(body) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver: WebhookReceiver = new WebhookReceiver(server);
    return receiver;
  }

  #take(delivered: Delivered): void {
    this.deliveries.push(delivered);
    for (const wake of [...this.#waiting]) wake();
  }

  of(type: string): ReceivedEvent[] {
    return this.deliveries.map(({ event }) => event).filter((event) => event.type === type);
  }

  /** Resolves once `isDone` holds; it is asked again at every delivery. */
  async until(isDone: () => boolean, what: string, limitMs = guardMs): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        if (isDone()) finish(resolve);
      };
      const finish = (settle: () => void): void => {
        clearTimeout(guard);
        this.#waiting.delete(wake);
        settle();
      };
      const guard = setTimeout(
        () =>
          finish(() =>
            reject(new Error(`not seen within ${limitMs} ms: ${what}; ${this.deliveries.length} deliveries`)),
          ),
        limitMs,
      );
      this.#waiting.add(wake);
    });
  }

  /** The first delivery that fits, past or future. */
  async next(wanted: Wanted, what: string): Promise<Delivered> {
    await this.until(() => this.deliveries.some(wanted), what);
    return this.deliveries.find(wanted) as Delivered;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

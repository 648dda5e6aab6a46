/**
 * Webhook endpoints of a fault run, each with its way of being bad until it is told to recover. Every delivery
 * is verified with the `standardwebhooks` package, as a receiver would; one in a hundred is tampered with and
 * must be refused.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export const manners = ['fine', 'hang', 'error', 'slow', 'reset'] as const;
export type Manner = (typeof manners)[number];

export interface Arrival {
  readonly eventId: string;
  readonly instance: string;
  readonly type: string;
  readonly messageId: string;
  readonly chat: string;
  /** When the event was made, ms since the epoch. */
  readonly at: number;
  /** From the event to its arrival here. */
  readonly ageMs: number;
}

export interface EndpointCounts {
  attempts: number;
  /** Signatures that `standardwebhooks` did not accept, and tampered deliveries that it did. */
  refused: number;
  tampered: number;
  missedTampering: number;
}

export const endpointSecret = `whsec_${Buffer.alloc(32, 11).toString('base64')}`;
const slowMs = 2_000;
const tamperEvery = 100;

export class Endpoint {
  readonly name: Manner;
  /** Deliveries that were answered with 200. */
  readonly arrivals: Arrival[] = [];
  manner: Manner = 'fine';
  readonly counts: EndpointCounts = { attempts: 0, refused: 0, tampered: 0, missedTampering: 0 };
  #server: Server;
  #webhook = new Webhook(endpointSecret);

  constructor(name: Manner) {
    this.name = name;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => this.#answer(request, response, Buffer.concat(parts).toString()));
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(name: Manner): Promise<Endpoint> {
    const endpoint = new Endpoint(name);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    this.counts.attempts += 1;
    const arrivedAt = Date.now();
    this.#verify(request, body);
    if (this.manner === 'hang') return;
    if (this.manner === 'reset') response.socket?.resetAndDestroy();
    else if (this.manner === 'error') response.writeHead(500).end('out of order');
    else if (this.manner === 'fine') this.#accept(response, body, arrivedAt);
    else setTimeout(() => this.#accept(response, body, arrivedAt), slowMs);
  }

  #accept(response: ServerResponse, body: string, arrivedAt: number): void {
    if (response.destroyed) return;
    response.writeHead(200, { 'content-length': 0 }).end();
    const { id, type, instance, at, data } = JSON.parse(body);
    const madeAt = Date.parse(at);
    const message = { messageId: data.id ?? '', chat: data.chat?.jid ?? '' };
    this.arrivals.push({ eventId: id, instance, type, ...message, at: madeAt, ageMs: arrivedAt - madeAt });
  }

  #verify({ headers }: IncomingMessage, body: string): void {
    if (!this.#accepts(headers, body)) this.counts.refused += 1;
    if (this.counts.attempts % tamperEvery !== 0) return;
    this.counts.tampered += 1;
    if (this.#accepts(headers, body.replace('"at":"2', '"at":"3'))) this.counts.missedTampering += 1;
  }

  #accepts(headers: IncomingMessage['headers'], body: string): boolean {
    try {
      this.#webhook.verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  }
}

/** The webhook endpoint of the benches: counts messages and keeps their time from contact to here. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Hook {
  readonly #server: Server;
  readonly url: string;
  received = 0;
  /** ms from writing to arrival, of texts that carry `t=TIME`. */
  latencies: number[] = [];

  constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  }

  static async start(): Promise<Hook> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.end();
        hook.#take(Buffer.concat(parts).toString());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const hook: Hook = new Hook(server);
    return hook;
  }

  #take(body: string): void {
    if (!body.includes('message.received')) return;
    this.received += 1;
    const written = /t=(\d{13})/.exec(body)?.[1];
    if (written !== undefined) this.latencies.push(Date.now() - Number(written));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

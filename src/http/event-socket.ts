/**
 * Live events over WebSocket. The upgrade goes the way of every request through the app (key, limit, query);
 * the stream that it is answered with is sent frame by frame, no faster than the peer takes it. Used by
 * front.ts. What a peer sends is not read, and a peer that answers no ping is ended.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock.ts';
import { detach } from '../detach.ts';
import { eventSocketCloseMs, eventStreamKeepAliveMs, socketMessageMaxBytes } from './limits.ts';

export interface EventSockets {
  /** Ends what has not ended by itself. */
  stop(): void;
}

export interface EventSocketParts {
  readonly clock: Clock;
  fetch(request: Request, bindings: HttpBindings): Response | Promise<Response>;
  onError(error: unknown): void;
}

const goingAway = 1_001;

/** Where the event socket is served; every other path answers an upgrade as if it were none. */
export const isSocketRequest = ({ url, headers }: IncomingMessage): boolean =>
  /^\/v1\/events\/ws(?:\?|$)/.test(url ?? '') && headers.upgrade?.toLowerCase() === 'websocket';

function requestOf({ url, headers }: IncomingMessage): Request {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) copied.set(name, String(value));
  return new Request(`http://gateway${url}`, { headers: copied });
}

/** A refusal in plain HTTP: the connection is not a WebSocket yet. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const fields = [...response.headers].filter(([name]) => name !== 'connection' && name !== 'content-length');
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${response.status} ${response.statusText}\r\n${head}`);
  socket.end(
    Buffer.concat([Buffer.from(`content-length: ${body.length}\r\nconnection: close\r\n\r\n`), body]),
  );
}

/** Resolves when the frame has left for the network, so that a slow peer is felt by the stream. */
const send = (socket: WebSocket, text: Uint8Array): Promise<void> =>
  new Promise((resolve) => socket.send(text, { binary: false }, () => resolve()));

function keepAlive(socket: WebSocket, clock: Clock): void {
  let isAlive = true;
  const timer = clock.every(eventStreamKeepAliveMs, () => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  });
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.once('close', () => timer.cancel());
}

/** Until the stream ends or the peer goes; then the other one is ended too. */
async function pump(
  socket: WebSocket,
  body: ReadableStream<Uint8Array>,
  parts: EventSocketParts,
): Promise<void> {
  const reader = body.getReader();
  socket.on('error', parts.onError);
  socket.once('close', () => detach(reader.cancel(), parts.onError));
  keepAlive(socket, parts.clock);
  for (let read = await reader.read(); !read.done; read = await reader.read()) await send(socket, read.value);
  socket.close(goingAway, 'resume after the last position');
  parts.clock.after(eventSocketCloseMs, () => socket.terminate());
}

export function serveEventSockets(server: Server, parts: EventSocketParts): EventSockets {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: socketMessageMaxBytes,
  });
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    // The app reads the peer's address only; there is no response object yet.
    const response = await parts.fetch(requestOf(request), { incoming: request } as unknown as HttpBindings);
    const { body } = response;
    if (response.status !== 200 || !body) return refuse(socket, response);
    if (socket.destroyed) return body.cancel();
    sockets.handleUpgrade(request, socket, head, (open) => detach(pump(open, body, parts), parts.onError));
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', parts.onError);
    detach(upgrade(request, socket, head), (error) => {
      parts.onError(error);
      socket.destroy();
    });
  });
  return {
    stop() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

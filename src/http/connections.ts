/**
 * The connections of the server: counted for metrics, and ended when the front stops. Node's own
 * `closeIdleConnections` leaves those open that have not sent a request yet (browsers open some ahead).
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpMetrics } from '../monitoring/http-metrics.ts';

export interface Connections {
  /** From now on a connection ends as soon as nothing is being answered on it; many end at once. */
  endIdle(): void;
}

export function trackConnections(server: Server, metrics: HttpMetrics): Connections {
  /** Answers in progress by connection. */
  const answering = new Map<Socket, number>();
  let isEnding = false;

  const endIfIdle = (socket: Socket): void => {
    if (isEnding && answering.get(socket) === 0) socket.destroySoon();
  };
  const change = (socket: Socket, by: number): void => {
    const count = answering.get(socket);
    if (count !== undefined) answering.set(socket, count + by);
    endIfIdle(socket);
  };

  server.on('connection', (socket) => {
    metrics.connectionOpened();
    answering.set(socket, 0);
    socket.once('close', () => {
      answering.delete(socket);
      metrics.connectionClosed();
    });
  });
  server.on('drop', () => metrics.connectionRefused());
  server.prependListener('request', ({ socket }, response) => {
    change(socket, 1);
    response.once('close', () => change(socket, -1));
  });
  // An event socket is never idle: whoever serves it ends it.
  server.prependListener('upgrade', ({ socket }) => change(socket, 1));
  return {
    endIdle() {
      isEnding = true;
      for (const socket of [...answering.keys()]) endIfIdle(socket);
    },
  };
}

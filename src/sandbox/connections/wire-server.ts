/**
 * The listening end: HTTP server, web socket upgrade, one `Connection` each. Started and stopped by
 * `sandbox.ts`. It reads no stanza.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { World } from '../world.ts';
import { Connection, type ConnectionEvents } from './connection.ts';

export interface Listening {
  readonly port: number;
  stop(): Promise<void>;
}

export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Closes a server and every connection to it. */
export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export async function startWireServer(world: World, events: ConnectionEvents): Promise<Listening> {
  const server = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const tcp = new Set<Socket>();
  server.on('connection', (socket) => {
    tcp.add(socket);
    socket.on('close', () => tcp.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      world.counters.add('connections');
      world.connections.add(new Connection(world, ws, events));
    });
  });
  const port = await listen(server, world.settings.host, world.settings.port);
  return {
    port,
    stop: async () => {
      for (const connection of world.connections) connection.cut();
      for (const socket of tcp) socket.destroy();
      await stopServer(server);
    },
  };
}

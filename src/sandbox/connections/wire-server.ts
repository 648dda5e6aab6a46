/**
 * The listening end: HTTP server, web socket upgrade, one `Connection` each. Started and stopped by
 * `sandbox.ts`. It reads no stanza.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
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

/** HTTP 503 at the upgrade, or no answer to it at all. */
function isTurnedAway(world: World, socket: Duplex): boolean {
  const { mode } = world.door;
  if (mode !== 'unavailable' && mode !== 'silent') return false;
  world.counters.add('refusedConnections');
  if (mode === 'unavailable') socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
  return true;
}

export async function startWireServer(world: World, events: ConnectionEvents): Promise<Listening> {
  const server = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const tcp = new Set<Socket>();
  server.on('connection', (socket) => {
    if (world.door.mode === 'refuse') {
      world.counters.add('refusedConnections');
      socket.resetAndDestroy();
      return;
    }
    tcp.add(socket);
    socket.on('close', () => tcp.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    if (isTurnedAway(world, socket)) return;
    sockets.handleUpgrade(request, socket, head, (ws) => {
      world.counters.add('connections');
      const connection = new Connection(world, ws, events);
      connection.isFrozen = world.door.mode === 'frozen';
      world.connections.add(connection);
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

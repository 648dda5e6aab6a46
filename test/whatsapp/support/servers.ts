/** Servers that answer a WebSocket upgrade in the wrong way, on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface WrongServer {
  readonly url: string;
  stop(): Promise<void>;
}

type Answer = (socket: Socket) => void;

async function listening(server: Server, answer: Answer): Promise<WrongServer> {
  const sockets = new Set<Socket>();
  server.on('upgrade', (_request: IncomingMessage, stream) => {
    const socket = stream as Socket;
    sockets.add(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/chat`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const startRefusing = (status: number): Promise<WrongServer> =>
  listening(createServer(), (socket) => {
    socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });

/** Takes the request and never answers. */
export const startSilent = (): Promise<WrongServer> => listening(createServer(), () => undefined);

/**
 * The REST front on a port: starts and stops the HTTP server around the app. Called by the gateway.
 * `stop` takes no new requests, lets those in progress end within the drain time, then closes what is left.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import { pause } from '../clock.ts';
import { urlOf } from '../config.ts';
import { toFailure } from '../errors.ts';
import { toResponse } from './answer.ts';
import { buildApp } from './app.ts';
import { type Connections, trackConnections } from './connections.ts';
import { type EventSockets, isSocketRequest, serveEventSockets } from './event-socket.ts';
import { problem } from './problem.ts';
import type { FrontOptions } from './route.ts';

export type { FrontOptions } from './route.ts';

export interface Front {
  readonly port: number;
  /** Base URL for clients on this machine or, when bound to one address, on its network. */
  readonly url: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** A request that is broken before the app sees it, for example by a malformed Host header. */
const malformedRequest = (error: unknown): Response => {
  const isRequest = error instanceof RequestError;
  const code = isRequest ? 'validation_failed' : 'internal';
  const detail = isRequest ? error.message : 'the request failed inside the gateway';
  return toResponse(problem({ code, detail }, ''), {});
};

function createHttpServer({ config }: FrontOptions, fetch: Parameters<typeof getRequestListener>[0]): Server {
  const server = createServer(
    {
      requestTimeout: config.uploadTimeoutMs,
      headersTimeout: config.headersTimeoutMs,
      // Node takes 0 as for ever; ours means not at all.
      keepAliveTimeout: Math.max(1, config.keepAliveTimeoutMs),
      shouldUpgradeCallback: isSocketRequest,
    },
    getRequestListener(fetch, { errorHandler: malformedRequest }),
  );
  server.maxConnections = config.maxConnections;
  return server;
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Of the drain time: the rest is for the actors. A caller that waits for a QR would else take all of it. */
const requestsShare = 0.5;

async function close(
  server: Server,
  connections: Connections,
  sockets: EventSockets,
  options: FrontOptions,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.endIdle();
  const patience = new AbortController();
  await Promise.race([
    closed,
    pause(options.clock, options.config.drainTimeoutMs * requestsShare, patience.signal),
  ]);
  patience.abort();
  server.closeAllConnections();
  sockets.stop();
  await closed;
}

/** Rejects with the server's own error (EADDRINUSE, EACCES) when it cannot listen. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const app = buildApp(options);
  const fetch = (request: Request, bindings: HttpBindings): Response | Promise<Response> =>
    app.hono.fetch(request, bindings);
  const server = createHttpServer(options, (request, bindings) => fetch(request, bindings as HttpBindings));
  const sockets = serveEventSockets(server, {
    ...{ clock: options.clock, fetch },
    onError: (error) => options.log.debug({ failure: toFailure(error) }, 'an event socket failed'),
  });
  const connections = trackConnections(server, options.metrics);
  const { port } = await listen(server, options.config.host, options.config.port);
  let stopped: Promise<void> | undefined;
  return {
    port,
    url: urlOf(options.config.host, port),
    stop() {
      app.endStreams();
      stopped ??= close(server, connections, sockets, options);
      return stopped;
    },
  };
}

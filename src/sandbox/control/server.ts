/**
 * The control API over HTTP: a route table, JSON in, JSON out. Started by `sandbox.ts`; every route is a
 * thin call into the library. Loopback only, no authentication.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { detach } from '../../detach.ts';
import { type Listening, listen, stopServer } from '../connections/wire-server.ts';
import { limits } from '../limits.ts';
import type { Sandbox } from '../sandbox.ts';
import type { World } from '../world.ts';
import { controlRoutes } from './routes.ts';

export interface ControlRequest {
  readonly sandbox: Sandbox;
  readonly query: URLSearchParams;
  /** Parsed JSON body, an empty object without one. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly raw: Buffer;
  readonly headers: IncomingMessage['headers'];
}

export type ControlRoute = (request: ControlRequest) => unknown;

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limits.controlBodyBytesMax) throw new Error(`body over ${limits.controlBodyBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parseBody(raw: Buffer): Record<string, unknown> {
  if (raw.length === 0) return {};
  const parsed: unknown = JSON.parse(raw.toString('utf8'));
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function serve(sandbox: Sandbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const name = `${request.method ?? 'GET'} ${url.pathname}`;
  const route = sandbox.world.extraRoutes.get(name) ?? controlRoutes[name];
  if (!route) return reply(response, 404, { error: `no route ${name}`, routes: Object.keys(controlRoutes) });
  try {
    const raw = await readBody(request);
    const body = parseBody(raw);
    const answer = await route({ sandbox, query: url.searchParams, body, raw, headers: request.headers });
    reply(response, 200, answer ?? { ok: true });
  } catch (error) {
    reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** Requests that come before the sandbox is complete wait for it. */
export async function startControl(world: World, sandbox: Promise<Sandbox>): Promise<Listening> {
  const server = createServer((request, response) => {
    const served = sandbox.then((ready) => serve(ready, request, response));
    detach(served, () => response.destroy());
  });
  server.keepAliveTimeout = limits.controlKeepAliveMs;
  const port = await listen(server, world.settings.host, world.settings.controlPort);
  return { port, stop: () => stopServer(server) };
}

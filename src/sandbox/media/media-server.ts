/**
 * Upload and download of encrypted media over loopback TLS, with the paths that Baileys uses. Started by
 * `sandbox.ts`; it never decrypts anything.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { detach } from '../../detach.ts';
import { type Listening, listen, stopServer } from '../connections/wire-server.ts';
import { limits } from '../limits.ts';
import type { World } from '../world.ts';
import type { MediaCertificate } from './certificate.ts';

async function readUpload(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limits.mediaBytesMax) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function accept(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const kind = (request.url ?? '').split('/')[2] ?? 'media';
  const bytes = await readUpload(request);
  if (!bytes) {
    response.writeHead(413).end();
    return;
  }
  const path = world.media.add(kind, bytes);
  world.media.uploads += 1;
  world.log.info({ kind, bytes: bytes.length }, 'media uploaded');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ url: `https://${world.mediaHost}${path}`, direct_path: path }));
}

function offer(world: World, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const bytes = world.media.find(path);
  if (!bytes) {
    response.writeHead(world.media.statusOf(path)).end();
    return;
  }
  world.media.downloads += 1;
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = Number(match?.[1] ?? 0);
  const to = match?.[2] ? Number(match[2]) + 1 : bytes.length;
  const part = bytes.subarray(from, to);
  response.writeHead(match ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': part.length,
  });
  response.end(part);
}

export async function startMediaServer(world: World, certificate: MediaCertificate): Promise<Listening> {
  const server = createServer(certificate, (request, response) => {
    if (request.method === 'POST') detach(accept(world, request, response), () => response.destroy());
    else offer(world, request, response);
  });
  const port = await listen(server, world.settings.host, 0);
  return { port, stop: () => stopServer(server) };
}

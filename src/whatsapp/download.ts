/**
 * Brings an encrypted file from WhatsApp's media host to the disk: streamed, bounded, through the instance's proxy.
 * Senders write the URL of a message, so only WhatsApp's own hosts are asked. Called by `media.ts`.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors.ts';
import { moved } from '../media/garbage.ts';
import { requestsDir } from '../media/spool.ts';
import { downloadIdleTimeoutMs, downloadTimeoutMs, fileLookTimeoutMs } from './limits.ts';
import { proxyAgent } from './proxy.ts';

interface Place {
  readonly host: string;
  readonly directPath: string;
  readonly proxyUrl: string | null;
}

export interface DownloadOrder extends Place {
  readonly dataDir: string;
  readonly maxBytes: number;
}

/** WhatsApp's own, which need not be among the hosts for uploads. */
export const defaultMediaHost = 'mmg.whatsapp.net';
const origin = 'https://web.whatsapp.com';

/** The host that the message names where it is one of WhatsApp's or was announced by the server, else WhatsApp's own. */
export function mediaHostOf(url: string | null | undefined, announced: readonly string[]): string {
  const host = url ? URL.parse(url)?.host : undefined;
  if (host && (host.endsWith('.whatsapp.net') || announced.includes(host))) return host;
  return defaultMediaHost;
}

function request({ host, directPath, proxyUrl }: Place, signal: AbortSignal): Promise<IncomingMessage> {
  const agent = proxyAgent(proxyUrl);
  return new Promise((resolve, reject) => {
    const options = {
      headers: { origin },
      timeout: downloadIdleTimeoutMs,
      signal,
      ...(agent ? { agent } : {}),
    };
    const asked = get(`https://${host}${directPath}`, options, resolve);
    asked.once('timeout', () => asked.destroy(new Error('nothing came for too long')));
    asked.once('error', reject);
  });
}

const bounded = (maxBytes: number) =>
  async function* (source: Readable): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const part of source as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes)
        throw new AppError('whatsapp_rejected', `The file is larger than ${maxBytes} bytes.`);
      yield part;
      moved(part.length);
    }
  };

/** How the host answers for the file, whose bytes are not read; null where it cannot be reached. */
export async function statusAt(place: Place): Promise<number | null> {
  const answer = await request(place, AbortSignal.timeout(fileLookTimeoutMs)).catch(() => null);
  // A connection that is cut before its end is what was asked for.
  answer?.on('error', () => undefined).destroy();
  return answer?.statusCode ?? null;
}

/** The name of the file in the spool, or the status with which the host refused. */
export async function download(order: DownloadOrder): Promise<{ id: string } | { status: number }> {
  const answer = await request(order, AbortSignal.timeout(downloadTimeoutMs)).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('timeout', `WhatsApp's media host ${order.host} cannot be reached: ${why}`);
  });
  if (answer.statusCode !== 200) {
    answer.resume();
    return { status: answer.statusCode ?? 0 };
  }
  const id = randomUUID();
  const path = join(requestsDir(order.dataDir), id);
  try {
    await pipeline(answer, bounded(order.maxBytes), createWriteStream(path, { flags: 'wx' }));
    return { id };
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof AppError) throw error;
    throw new AppError('timeout', `The download from ${order.host} broke off: ${String(error)}`);
  }
}

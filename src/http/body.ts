/**
 * Reads a JSON body: bounded, typed, parsed. Bodies over `jsonBodyMaxBytes` are refused before they are read
 * where the length is announced, and while they are read where it is not. Never parses anything larger on
 * this thread (DECISIONS 24).
 */
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { AppError } from '../errors.ts';
import { jsonBodyMaxBytes } from '../limits.ts';
import type { MediaIntake, Upload } from '../protocol/media.ts';
import { readMultipart } from './multipart.ts';
import { invalid } from './problem.ts';

/** `value` is undefined when there was no body. */
export interface JsonBody {
  readonly value: unknown;
}

const tooLarge = (): AppError =>
  new AppError('body_too_large', `a JSON body may have ${jsonBodyMaxBytes} bytes`);

const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type);

async function readBounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > jsonBodyMaxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const isMultipart = (type: string): boolean => /^multipart\/form-data\s*;/i.test(type);

/** The stream of the body; on a port Node's own, which costs less than one made for the web. */
function streamOf(request: Request, incoming: Readable | undefined): Readable {
  return incoming ?? (request.body ? Readable.fromWeb(request.body as WebStream) : Readable.from([]));
}

/** What arrives, without ending the connection where the reader stops early: the caller is still answered. */
async function* arriving(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    throw invalid([{ path: '', message: 'the upload was cut off' }]);
  }
}

export interface MediaBody extends JsonBody {
  /** The file that came with it; the caller releases it. */
  readonly upload: Upload | null;
}

/**
 * As `readJson`, for routes that take a file: multipart is streamed to the disk, and JSON above `jsonBodyMaxBytes`
 * is read outside of this thread (DECISIONS 24). `isAlone`: multipart may have no part `json`.
 */
export async function readMediaBody(
  request: Request,
  incoming: Readable | undefined,
  { intake, isAlone }: { readonly intake: MediaIntake; readonly isAlone: boolean },
): Promise<MediaBody> {
  const type = request.headers.get('content-type') ?? '';
  const length = request.headers.get('content-length');
  if (isMultipart(type)) {
    const { text, upload } = await readMultipart(streamOf(request, incoming), type, { intake, isAlone });
    return { value: await parseOrRelease(text, upload, intake), upload };
  }
  const isSmall = length !== null && Number(length) <= jsonBodyMaxBytes;
  if (isSmall || !isJson(type)) return { ...(await readJson(request)), upload: null };
  if (length !== null && Number(length) > intake.bodyMaxBytes)
    throw new AppError('body_too_large', `a body with a file may have ${intake.bodyMaxBytes} bytes`);
  const { text, upload } = await intake.readJson(arriving(streamOf(request, incoming)));
  return { value: text === '' ? undefined : await parseOrRelease(text, upload, intake), upload };
}

async function parseOrRelease(text: string, upload: Upload | null, intake: MediaIntake): Promise<unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (upload) await intake.release(upload);
    throw error;
  }
}

/** The caller is gone or the bytes broke off: nobody reads the answer, and no fault of the gateway. */
function cutOff(error: unknown): never {
  if (error instanceof AppError) throw error;
  throw invalid([{ path: '', message: 'the body was cut off' }]);
}

async function readText(request: Request): Promise<string> {
  const announced = request.headers.get('content-length');
  if (announced !== null) {
    if (Number(announced) > jsonBodyMaxBytes) throw tooLarge();
    return Number(announced) === 0 ? '' : request.text().catch(cutOff);
  }
  return request.body ? readBounded(request.body).catch(cutOff) : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid([
      { path: '', message: `malformed JSON: ${error instanceof Error ? error.message : 'unreadable'}` },
    ]);
  }
}

/** The parsed body; 413, 415 and 400 as the contract names them. An absent body is no error here. */
export async function readJson(request: Request): Promise<JsonBody> {
  const text = await readText(request);
  if (text === '') return { value: undefined };
  const type = request.headers.get('content-type') ?? '';
  if (!isJson(type)) {
    throw new AppError('unsupported_media_type', `got "${type}", takes application/json`);
  }
  return { value: parse(text) };
}

/**
 * Reads a JSON body: bounded, typed, parsed. Bodies over `jsonBodyMaxBytes` are refused before they are read
 * where the length is announced, and while they are read where it is not. Never parses anything larger on
 * this thread (DECISIONS 24).
 */
import { AppError } from '../errors.ts';
import { jsonBodyMaxBytes } from '../limits.ts';
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

async function readText(request: Request): Promise<string> {
  const announced = request.headers.get('content-length');
  if (announced !== null) {
    if (Number(announced) > jsonBodyMaxBytes) throw tooLarge();
    return Number(announced) === 0 ? '' : request.text();
  }
  return request.body ? readBounded(request.body) : '';
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

/**
 * A multipart body as it streams in: first the part `json` with the body of the request (`isAlone`: or none), then the part `file`,
 * which goes straight to the disk. The one importer of busboy. Whatever is wrong ends the upload at once, and
 * nothing of it is left behind.
 */
import type { Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '../errors.ts';
import { jsonBodyMaxBytes } from '../limits.ts';
import type { MediaIntake, Upload } from '../protocol/media.ts';
import { invalid } from './problem.ts';

export interface Multipart {
  /** Text of the part `json`. */
  readonly text: string;
  readonly upload: Upload;
}

/** A browser's answer for a type that it does not know, which says nothing. */
const unknownType = 'application/octet-stream';

const partError = (path: string, message: string): AppError => invalid([{ path, message }]);

async function* partsOf(stream: BusboyFileStream, broken: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const part of stream as AsyncIterable<Buffer>) {
    if (broken.aborted) throw broken.reason;
    yield part;
  }
  if (broken.aborted) throw broken.reason;
}

/** Resolves when the whole body is read; rejects at the first thing that is wrong with it. */
export function readMultipart(
  body: Readable,
  contentType: string,
  { intake, isAlone }: { readonly intake: MediaIntake; readonly isAlone: boolean },
): Promise<Multipart> {
  const { promise, resolve, reject } = Promise.withResolvers<Multipart>();
  const broken = new AbortController();
  let text = isAlone ? '{}' : null;
  let receiving: Promise<Upload> | null = null;
  const fail = (error: unknown): void => {
    if (broken.signal.aborted) return;
    broken.abort(error);
    body.unpipe(parser);
    body.resume();
    const dropped = receiving?.then((upload) => intake.release(upload)).catch(() => undefined);
    // What is written is gone before the caller hears of it.
    void Promise.resolve(dropped).then(() => reject(error));
    openFile?.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  let openFile: BusboyFileStream | null = null;
  const parser = makeParser(contentType);
  parser.on('field', (name, value, _nameTruncated, isTruncated) => {
    if (name !== 'json') return fail(partError(name, 'unknown part: takes "json", then "file"'));
    if (receiving) return fail(partError('json', 'comes before the part "file"'));
    if (isTruncated)
      return fail(new AppError('body_too_large', `the part "json" may have ${jsonBodyMaxBytes} bytes`));
    text = value;
  });
  parser.on('file', (_name, stream, filename, _encoding, type) => {
    stream.on('error', () => undefined);
    if (text === null) return fail(partError('json', 'is required, before the part "file"'));
    if (receiving) return fail(partError('file', 'a request has one file'));
    openFile = stream;
    const mimetype = type && type !== unknownType ? type : null;
    receiving = intake.receive(partsOf(stream, broken.signal), { mimetype, filename: filename || null });
    receiving.catch(fail);
  });
  parser.on('error', (error) =>
    fail(partError('', `malformed multipart: ${String((error as Error).message)}`)),
  );
  parser.on('finish', () => {
    if (text === null) return fail(partError('json', 'is required, before the part "file"'));
    if (!receiving) return fail(partError('file', 'is required'));
    const json = text;
    receiving.then((upload) => resolve({ text: json, upload }), fail);
  });
  body.once('error', () => fail(partError('', 'the upload was cut off')));
  body.once('close', () => {
    if (!body.readableEnded) fail(partError('', 'the upload was cut off'));
  });
  body.pipe(parser);
  return promise;
}

function makeParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // By name: some senders give the JSON a file name too (`curl -F json=@body.json`).
      isPartAFile: (name) => name === 'file',
      limits: { fieldSize: jsonBodyMaxBytes, fieldNameSize: 100, headerPairs: 20, headerSize: 8_192 },
    });
  } catch (error) {
    throw partError('', `malformed multipart: ${error instanceof Error ? error.message : String(error)}`);
  }
}

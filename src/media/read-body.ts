/**
 * Reads a JSON body that carries a file as base64, from the file that it was streamed to: the base64 text is
 * decoded into a file of its own part by part, the rest is what remains of the JSON. Runs in the media pool, with
 * memory for one part and for the rest, which is bounded (DECISIONS 24).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import { jsonBodyMaxBytes } from '../limits.ts';
import { passing } from './garbage.ts';
import { textBytes } from './limits.ts';

export interface BodyOrder {
  readonly path: string;
  readonly to: string;
  readonly fileMaxBytes: number;
}

export interface BodyRead {
  /** The JSON with an empty text where the file was. */
  readonly text: string;
  readonly file: {
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly mimetype: string | null;
  } | null;
}

const quote = 0x22;
const backslash = 0x5c;
const member = Buffer.from('"base64"');

const invalid = (path: string, message: string): AppError =>
  new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });

/** Base64 as it comes, in pieces of any length, into a file. */
class Decoder {
  sizeBytes = 0;
  mimetype: string | null = null;
  readonly #hash = createHash('sha256');
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  #rest = '';
  #hasHead = true;
  #hasEnded = false;

  constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  async add(text: string): Promise<void> {
    let all = this.#rest + text;
    if (this.#hasHead) {
      const head = /^data:([\w.+/-]*)(?:;[\w=.+-]+)*;base64,/.exec(all);
      if (head) this.mimetype = head[1] || null;
      all = all.slice(head?.[0].length ?? 0);
      this.#hasHead = false;
    }
    const whole = all.length - (all.length % 4);
    this.#rest = all.slice(whole);
    await this.#decode(all.slice(0, whole));
  }

  async end(): Promise<string> {
    // Without its padding, as some write it.
    if (this.#rest.length === 1) throw invalid('media.base64', 'its length is not that of base64');
    await this.#decode(this.#rest.padEnd(this.#rest === '' ? 0 : 4, '='));
    return this.#hash.digest('hex');
  }

  async #decode(text: string): Promise<void> {
    if (text === '') return;
    if (this.#hasEnded || !/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(text))
      throw invalid('media.base64', 'is not base64');
    this.#hasEnded = text.endsWith('=');
    const bytes = Buffer.from(text, 'base64');
    this.sizeBytes += bytes.length;
    if (this.sizeBytes > this.#maxBytes)
      throw new AppError('body_too_large', `a file may have ${this.#maxBytes} bytes (MEDIA_MAX_BYTES)`);
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
  }
}

/**
 * Walks over JSON bytes. Outside of strings it only looks for quotes; a string that follows `"base64":` and is
 * longer than a small one goes to the decoder, everything else to the rest. It accepts what is no JSON: the
 * rest is parsed afterwards.
 */
class Splitter {
  readonly #rest: Buffer[] = [];
  #restBytes = 0;
  #state: 'outside' | 'string' | 'file' = 'outside';
  #isEscaped = false;
  /** The last bytes outside of the file: where a string begins they tell of which member. */
  #tail: Buffer = Buffer.alloc(0);
  hasFile = false;
  readonly #decoder: Decoder;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  get text(): string {
    return Buffer.concat(this.#rest).toString('utf8');
  }

  async add(part: Buffer): Promise<void> {
    let from = 0;
    while (from < part.length) from = await this.#step(part, from);
  }

  /** One stretch of the state that it is in; answers where the next one begins. */
  async #step(part: Buffer, from: number): Promise<number> {
    if (this.#state === 'file') return this.#fileStretch(part, from);
    if (this.#state === 'string') return this.#stringStretch(part, from);
    const at = part.indexOf(quote, from);
    const end = at < 0 ? part.length : at + 1;
    this.#keep(part.subarray(from, end));
    if (at >= 0) this.#state = this.#isFileMember() ? 'file' : 'string';
    return end;
  }

  #stringStretch(part: Buffer, from: number): number {
    let at = from;
    while (at < part.length) {
      const byte = part[at];
      at += 1;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) {
        this.#state = 'outside';
        break;
      }
    }
    this.#keep(part.subarray(from, at));
    return at;
  }

  async #fileStretch(part: Buffer, from: number): Promise<number> {
    const at = part.indexOf(quote, from);
    const end = at < 0 ? part.length : at;
    await this.#decoder.add(this.#unescaped(part.toString('latin1', from, end)));
    if (at < 0) return end;
    if (this.hasFile) throw invalid('media.base64', 'a request has one file');
    this.hasFile = true;
    this.#state = 'string';
    return end;
  }

  /** `\/` is the one escape that writers of base64 make. */
  #unescaped(text: string): string {
    const all = this.#isEscaped ? `\\${text}` : text;
    this.#isEscaped = all.endsWith('\\');
    if (!all.includes('\\')) return all;
    if (/\\[^/]/.test(all)) throw invalid('media.base64', 'is not base64');
    return all.replaceAll('\\', '');
  }

  #isFileMember(): boolean {
    const before = this.#tail.toString('latin1').slice(0, -1).trimEnd();
    return before.endsWith(':') && before.slice(0, -1).trimEnd().endsWith(member.toString());
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > jsonBodyMaxBytes)
      throw new AppError('body_too_large', `a JSON body may have ${jsonBodyMaxBytes} bytes beside its file`);
    this.#rest.push(Buffer.from(bytes));
    this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-64);
  }
}

async function split({ path, fileMaxBytes }: BodyOrder, file: FileHandle): Promise<BodyRead> {
  const decoder = new Decoder(file, fileMaxBytes);
  const splitter = new Splitter(decoder);
  for await (const part of passing(createReadStream(path, { highWaterMark: textBytes }), 2))
    await splitter.add(part);
  const sha256 = await decoder.end();
  const { sizeBytes, mimetype } = decoder;
  const { text, hasFile } = splitter;
  return { text, file: hasFile && sizeBytes > 0 ? { sizeBytes, sha256, mimetype } : null };
}

export async function readBody(order: BodyOrder): Promise<BodyRead> {
  const file = await open(order.to, 'wx');
  let read: BodyRead | null = null;
  try {
    read = await split(order, file);
    return read;
  } finally {
    await file.close();
    if (!read?.file) await rm(order.to, { force: true });
  }
}

/** A small base64 text, with or without `data:` before it. */
export function decodeBase64(text: string): { bytes: Uint8Array; mimetype: string | null } {
  const head = /^data:([\w.+/-]*)(?:;[\w=.+-]+)*;base64,/.exec(text);
  const bare = text.slice(head?.[0].length ?? 0).replaceAll(/\s/g, '');
  if (!/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(bare) || bare.replaceAll('=', '').length % 4 === 1)
    throw invalid('media.base64', 'is not base64');
  return { bytes: Buffer.from(bare, 'base64'), mimetype: head?.[1] || null };
}

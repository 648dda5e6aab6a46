/**
 * The media room on the main thread: takes in files of requests, has them made ready in the pool, and drops what
 * nobody needs any more. The gateway gives it to the front; bytes pass through here only as streams to the disk.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { jsonBodyMaxBytes } from '../limits.ts';
import type {
  FetchedMedia,
  LinkPreview,
  MediaIntake,
  MediaOrder,
  OpenedMedia,
  PreparedMedia,
  ReadBody,
  Upload,
} from '../protocol/media.ts';
import { createFetcher, type Fetcher } from './fetch.ts';
import { keptDir } from './kept.ts';
import { fetchesAtOnceMax, previewPageMaxBytes, previewPictureMaxBytes, previewTimeoutMs } from './limits.ts';
import { openedFile } from './opened.ts';
import type { MediaPool } from './pool.ts';
import { linkIn, type PageFacts } from './preview.ts';
import { decodeBase64 } from './read-body.ts';
import { dropOutgoing, Spool, type Spooled } from './spool.ts';

export interface IntakeOptions {
  readonly dataDir: string;
  readonly maxBytes: number;
  readonly spoolMaxBytes: number;
  readonly isPrivateDenied: boolean;
  readonly ffmpeg: string;
  readonly pool: Pick<MediaPool, 'run'>;
}

/** Base64 takes four characters for three bytes; the rest of the JSON comes on top. */
const bodyMaxBytes = (fileMaxBytes: number): number => Math.ceil(fileMaxBytes / 3) * 4 + jsonBodyMaxBytes;

export class Intake implements MediaIntake {
  readonly maxBytes: number;
  readonly bodyMaxBytes: number;
  readonly spool: Spool;
  readonly #options: IntakeOptions;
  readonly #fetcher: Fetcher;
  #fetching = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.maxBytes = options.maxBytes;
    this.bodyMaxBytes = bodyMaxBytes(options.maxBytes);
    this.spool = new Spool(options.dataDir, options.spoolMaxBytes);
    this.#fetcher = createFetcher(options.isPrivateDenied);
  }

  open(): Promise<void> {
    return this.spool.open();
  }

  close(): Promise<void> {
    return this.#fetcher.close();
  }

  async receive(
    source: AsyncIterable<Uint8Array>,
    about: { mimetype: string | null; filename: string | null },
  ): Promise<Upload> {
    return { ...(await this.spool.receive(source, this.maxBytes)), ...about };
  }

  async fetch(url: string): Promise<Upload> {
    const { mimetype, filename, ...file } = await this.#fetchFile(url, this.maxBytes);
    return { ...file, mimetype, filename };
  }

  async #fetchFile(
    url: string,
    limitBytes: number,
    timeoutMs?: number,
  ): Promise<Spooled & { mimetype: string | null; filename: string | null; url: string }> {
    if (this.#fetching >= fetchesAtOnceMax)
      throw new AppError('mailbox_full', `${fetchesAtOnceMax} files are being fetched`, {
        retryAfterMs: 2_000,
      });
    this.#fetching += 1;
    try {
      const answer = await this.#fetcher.fetch(url, timeoutMs);
      try {
        const { mimetype, filename, sizeBytes } = answer;
        if (sizeBytes !== null && sizeBytes > limitBytes)
          throw new AppError('body_too_large', `the file has ${sizeBytes} bytes, it may have ${limitBytes}`);
        return {
          ...(await this.spool.receive(answer.body, limitBytes)),
          mimetype,
          filename,
          url: answer.url,
        };
      } finally {
        answer.cancel();
      }
    } finally {
      this.#fetching -= 1;
    }
  }

  async readJson(source: AsyncIterable<Uint8Array>): Promise<ReadBody> {
    const body = await this.spool.receive(source, this.bodyMaxBytes);
    const id = this.spool.reserve();
    try {
      const order = { path: this.spool.path(body.id), to: this.spool.path(id), fileMaxBytes: this.maxBytes };
      const { text, file } = await this.#options.pool.run('readBody', order);
      if (!file) return { text, upload: null };
      this.spool.adopt(id, file.sizeBytes);
      return { text, upload: { id, ...file, filename: null } };
    } finally {
      await this.spool.remove(body.id);
    }
  }

  async decode(base64: string): Promise<Upload> {
    const { bytes, mimetype } = decodeBase64(base64);
    const whole = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    return this.receive(whole(), { mimetype, filename: null });
  }

  prepare(order: MediaOrder): Promise<PreparedMedia> {
    const { dataDir, ffmpeg, pool } = this.#options;
    return pool.run('prepareMedia', { ...order, path: this.spool.path(order.upload.id), dataDir, ffmpeg });
  }

  profilePicture(upload: Upload): Promise<Uint8Array> {
    return this.#options.pool.run('profilePicture', { path: this.spool.path(upload.id) });
  }

  drop(media: PreparedMedia): Promise<void> {
    return dropOutgoing(this.#options.dataDir, media.file);
  }

  async preview(text: string): Promise<LinkPreview | null> {
    const matchedText = linkIn(text);
    if (matchedText === null) return null;
    try {
      const { facts, url } = await this.#page(matchedText);
      if (!facts.title) return null;
      const thumbnail = facts.picture === null ? null : await this.#picture(facts.picture, url);
      const { title, description } = facts;
      return { matchedText, url, title, description, thumbnail };
    } catch {
      // A text is sent without a preview rather than not at all.
      return null;
    }
  }

  async #page(url: string): Promise<{ facts: PageFacts; url: string }> {
    const page = await this.#fetchFile(url, previewPageMaxBytes, previewTimeoutMs);
    try {
      const facts = await this.#options.pool.run('readPage', { path: this.spool.path(page.id) });
      return { facts, url: page.url };
    } finally {
      await this.spool.remove(page.id);
    }
  }

  async #picture(address: string, base: string): Promise<Uint8Array | null> {
    const url = URL.parse(address, base);
    if (!url) return null;
    try {
      const file = await this.#fetchFile(url.href, previewPictureMaxBytes, previewTimeoutMs);
      try {
        return await this.#options.pool.run('thumbnail', { path: this.spool.path(file.id) });
      } finally {
        await this.spool.remove(file.id);
      }
    } catch {
      return null;
    }
  }

  /** Where it fails, nothing of it is left either. */
  async openFetched(fetched: FetchedMedia): Promise<OpenedMedia> {
    const { place, kind, mediaKey, fileSha256 } = fetched;
    const isKept = place.in === 'kept';
    const from = isKept ? join(keptDir(this.#options.dataDir), place.file) : this.spool.path(place.id);
    const done = async (): Promise<void> => (isKept ? undefined : this.spool.remove(place.id));
    if (!mediaKey) return openedFile(from, (await stat(from)).size, done);
    const id = this.spool.reserve();
    const to = this.spool.path(id);
    try {
      const sizeBytes = await this.#options.pool.run('unseal', { kind, from, to, mediaKey, fileSha256 });
      this.spool.adopt(id, sizeBytes);
      return openedFile(to, sizeBytes, () => this.spool.remove(id));
    } finally {
      await done();
    }
  }

  async release(upload: Upload): Promise<void> {
    await this.spool.remove(upload.id);
  }
}

/**
 * Files on their way: what requests bring lies in DATA_DIR/tmp, emptied at every start; what waits to be sent in
 * DATA_DIR/outgoing/INSTANCE/MESSAGE, where it survives a restart. Bounded in all and per file, hashed while it is
 * written. Used on the main thread and, for paths alone, in the other threads; never holds a file in memory.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { moved } from './garbage.ts';

export const requestsDir = (dataDir: string): string => join(dataDir, 'tmp');
export const outgoingDir = (dataDir: string): string => join(dataDir, 'outgoing');
/** Of a prepared file, below the outgoing spool. Ids of instances and messages are plain names. */
export const outgoingFile = (instance: string, messageId: string): string => join(instance, messageId);

export interface Spooled {
  readonly id: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

const isPlainName = (name: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(name);

/** A full disk is the operator's matter and may pass; anything else is ours. */
function writeFailure(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AppError('store_failed', `the media spool has no room left on its disk (${String(code)})`, {
    retryAfterMs: 10_000,
  });
}

export class Spool {
  readonly #dir: string;
  readonly #maxBytes: number;
  #usedBytes = 0;
  #sizes = new Map<string, number>();

  /** `maxBytes`: what all request files together may take. */
  constructor(dataDir: string, maxBytes: number) {
    this.#dir = requestsDir(dataDir);
    this.#maxBytes = maxBytes;
  }

  /** Nothing of an earlier process is anybody's any more. */
  async open(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
    await mkdir(this.#dir, { recursive: true });
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  path(id: string): string {
    if (!isPlainName(id)) throw new AppError('internal', `not a name in the spool: ${JSON.stringify(id)}`);
    return join(this.#dir, id);
  }

  /** A new name whose bytes are counted when `adopt` tells them: for files that a pool thread writes. */
  reserve(): string {
    return randomUUID();
  }

  adopt(id: string, sizeBytes: number): void {
    this.#usedBytes += sizeBytes - (this.#sizes.get(id) ?? 0);
    this.#sizes.set(id, sizeBytes);
  }

  /**
   * Writes what `source` gives. Rejects `body_too_large` above `limitBytes` and `mailbox_full` when the spool is
   * full; an error of the source is passed on. Nothing is left behind then.
   */
  async receive(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Spooled> {
    const id = this.reserve();
    try {
      return { id, ...(await this.#write(id, source, limitBytes)) };
    } catch (error) {
      await this.remove(id);
      throw writeFailure(error);
    }
  }

  async #write(
    id: string,
    source: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): Promise<{ sizeBytes: number; sha256: string }> {
    const hash = createHash('sha256');
    const file = await open(this.path(id), 'wx');
    let sizeBytes = 0;
    try {
      for await (const part of source) {
        sizeBytes += part.byteLength;
        if (sizeBytes > limitBytes)
          throw new AppError('body_too_large', `a file may have ${limitBytes} bytes (MEDIA_MAX_BYTES)`);
        this.#requireRoom(part.byteLength);
        this.adopt(id, sizeBytes);
        hash.update(part);
        await file.writeFile(part);
        moved(part.byteLength);
      }
    } finally {
      await file.close();
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  }

  #requireRoom(bytes: number): void {
    if (this.#usedBytes + bytes <= this.#maxBytes) return;
    throw new AppError(
      'mailbox_full',
      `files of requests take all of the ${this.#maxBytes} bytes that they may`,
      { retryAfterMs: 5_000 },
    );
  }

  /** Never rejects. */
  async remove(id: string): Promise<void> {
    this.#usedBytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
    await rm(this.path(id), { force: true }).catch(() => undefined);
  }
}

/** Removes a file of a request that another thread brought. Never rejects. */
export async function dropRequest(dataDir: string, id: string): Promise<void> {
  await rm(join(requestsDir(dataDir), id), { force: true }).catch(() => undefined);
}

/** Removes a prepared file: its message is sent, failed, or was never taken. Never rejects. */
export async function dropOutgoing(dataDir: string, file: string): Promise<void> {
  await rm(join(outgoingDir(dataDir), file), { force: true }).catch(() => undefined);
}

/** Removes all prepared files of an instance. Never rejects. */
export async function dropInstance(dataDir: string, instance: string): Promise<void> {
  if (!isPlainName(instance)) return;
  await rm(join(outgoingDir(dataDir), instance), { recursive: true, force: true }).catch(() => undefined);
}

/** What of the outgoing spool is older than `beforeMs` and refers to no message that `isWanted`. */
export async function sweepOutgoing(
  dataDir: string,
  beforeMs: number,
  isWanted: (instance: string, messageId: string) => Promise<boolean>,
): Promise<number> {
  let removed = 0;
  const root = outgoingDir(dataDir);
  for (const instance of await readdir(root).catch(() => [])) {
    for (const messageId of await readdir(join(root, instance)).catch(() => [])) {
      const file = outgoingFile(instance, messageId);
      const found = await stat(join(root, file)).catch(() => null);
      if (!found || found.mtimeMs > beforeMs || (await isWanted(instance, messageId))) continue;
      await dropOutgoing(dataDir, file);
      removed += 1;
    }
  }
  return removed;
}

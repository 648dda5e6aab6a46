/**
 * Encrypted media files by path, in memory, oldest out when full. Filled by uploads and by contacts that
 * send media; read by downloads. A file that expired is not offered any more, but the phone still has it.
 */
import { randomBytes } from 'node:crypto';
import { limits } from '../limits.ts';

/** How the host says that it has a file no more. */
export const goneStatuses = [403, 404, 410] as const;
export type GoneStatus = (typeof goneStatuses)[number];

export class MediaStore {
  readonly #files = new Map<string, Buffer>();
  readonly #gone = new Map<string, GoneStatus>();
  #bytes = 0;
  uploads = 0;
  downloads = 0;
  /** Requests that the phone upload a file again, and those that it did. */
  retries = 0;
  reuploads = 0;

  /** Keeps a file and returns its direct path. */
  add(kind: string, bytes: Buffer): string {
    const path = `/v/t62.${kind}/${randomBytes(18).toString('base64url')}.enc`;
    this.#files.set(path, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, file] of this.#files) {
      if (this.#bytes <= limits.mediaStoreBytesMax || oldest === path) break;
      this.#files.delete(oldest);
      this.#gone.delete(oldest);
      this.#bytes -= file.length;
    }
    return path;
  }

  find(path: string): Buffer | null {
    return this.#gone.has(path) ? null : (this.#files.get(path) ?? null);
  }

  /** The host answers `status` for it from now on. */
  expire(path: string, status: GoneStatus): void {
    this.#gone.set(path, status);
  }

  statusOf(path: string): GoneStatus {
    return this.#gone.get(path) ?? 404;
  }

  /** As the phone has it, whatever the host still offers. */
  archived(path: string): Buffer | null {
    return this.#files.get(path) ?? null;
  }

  get size(): number {
    return this.#files.size;
  }
}

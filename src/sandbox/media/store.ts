/**
 * Encrypted media files by path, in memory, oldest out when full. Filled by uploads and by contacts that
 * send media; read by downloads.
 */
import { randomBytes } from 'node:crypto';
import { limits } from '../limits.ts';

export class MediaStore {
  readonly #files = new Map<string, Buffer>();
  #bytes = 0;
  uploads = 0;
  downloads = 0;

  /** Keeps a file and returns its direct path. */
  add(kind: string, bytes: Buffer): string {
    const path = `/v/t62.${kind}/${randomBytes(18).toString('base64url')}.enc`;
    this.#files.set(path, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, file] of this.#files) {
      if (this.#bytes <= limits.mediaStoreBytesMax || oldest === path) break;
      this.#files.delete(oldest);
      this.#bytes -= file.length;
    }
    return path;
  }

  find(path: string): Buffer | null {
    return this.#files.get(path) ?? null;
  }

  remove(path: string): boolean {
    return this.#files.delete(path);
  }

  get size(): number {
    return this.#files.size;
  }
}

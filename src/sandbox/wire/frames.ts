/**
 * The byte stream inside the web socket: optional routing header, the connection header once, then
 * frames of a 3-byte length and data. One splitter per connection; it never interprets a frame.
 */
import { connectionHeader } from './noise.ts';

const frameBytesMax = 16 * 1024 * 1024 - 1;

export function frame(data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(3 + data.length);
  bytes.writeUIntBE(data.length, 0, 3);
  bytes.set(data, 3);
  return bytes;
}

export class FrameSplitter {
  #pending: Buffer = Buffer.alloc(0);
  #isPastHeader = false;
  /** Routing bytes that the connection opened with, if any. */
  routing: Buffer | null = null;

  /** The frames that are complete with these bytes. Throws when the stream is not WhatsApp's. */
  push(bytes: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    if (!this.#isPastHeader && !this.#readHeader()) return [];
    const frames: Buffer[] = [];
    for (let next = this.#nextFrame(); next; next = this.#nextFrame()) frames.push(next);
    return frames;
  }

  #readHeader(): boolean {
    if (this.#pending.subarray(0, 2).toString('latin1') === 'ED') {
      if (this.#pending.length < 7) return false;
      const length = this.#pending.readUIntBE(4, 3);
      if (this.#pending.length < 7 + length) return false;
      this.routing = Buffer.from(this.#pending.subarray(7, 7 + length));
      this.#pending = this.#pending.subarray(7 + length);
    }
    if (this.#pending.length < connectionHeader.length) return false;
    if (!this.#pending.subarray(0, 4).equals(connectionHeader)) throw new Error('no WA connection header');
    this.#pending = this.#pending.subarray(4);
    this.#isPastHeader = true;
    return true;
  }

  #nextFrame(): Buffer | null {
    if (this.#pending.length < 3) return null;
    const length = this.#pending.readUIntBE(0, 3);
    if (length > frameBytesMax || this.#pending.length < 3 + length) return null;
    const data = this.#pending.subarray(3, 3 + length);
    this.#pending = this.#pending.subarray(3 + length);
    return data;
  }
}

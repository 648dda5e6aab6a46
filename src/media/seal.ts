/**
 * WhatsApp's encryption of a media file (facts/wa-protocol.md §11), streamed from file to file: AES-256-CBC, then
 * ten bytes of HMAC. Runs in the media pool; never holds more than a part of a file.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import type { MediaKind } from '../protocol/media.ts';
import { passing } from './garbage.ts';
import { partBytes } from './limits.ts';

const macBytes = 10;

const keyNames: Readonly<Record<MediaKind, string>> = {
  image: 'WhatsApp Image Keys',
  sticker: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  video_note: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  voice: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
};

export interface Sealed {
  readonly sizeBytes: number;
  readonly fileSha256: Uint8Array;
  readonly fileEncSha256: Uint8Array;
  readonly mediaKey: Uint8Array | null;
}

function keysOf(kind: MediaKind, mediaKey: Uint8Array): { iv: Buffer; cipher: Buffer; mac: Buffer } {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), keyNames[kind], 112));
  return { iv: keys.subarray(0, 16), cipher: keys.subarray(16, 48), mac: keys.subarray(48, 80) };
}

const parts = (path: string, end?: number): AsyncIterable<Buffer> =>
  passing(createReadStream(path, { highWaterMark: partBytes, ...(end === undefined ? {} : { end }) }), 2);

/** Runs `fill` on a new file, which is on the disk after it, or gone where it failed. */
async function written<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    const result = await fill(file);
    await file.datasync();
    await file.close();
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** As it is: what newsletters take. */
function copied(from: string, to: string): Promise<Sealed> {
  return written(to, async (file) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const part of parts(from)) {
      hash.update(part);
      sizeBytes += part.length;
      await file.writeFile(part);
    }
    const sha256 = hash.digest();
    return { sizeBytes, fileSha256: sha256, fileEncSha256: sha256, mediaKey: null };
  });
}

/** Encrypts `from` into `to` under a new key, or copies it where it is not to be encrypted. */
export function seal(kind: MediaKind, from: string, to: string, isEncrypted: boolean): Promise<Sealed> {
  if (!isEncrypted) return copied(from, to);
  const mediaKey = randomBytes(32);
  const keys = keysOf(kind, mediaKey);
  const cipher = createCipheriv('aes-256-cbc', keys.cipher, keys.iv);
  const mac = createHmac('sha256', keys.mac).update(keys.iv);
  const plainHash = createHash('sha256');
  const sealedHash = createHash('sha256');
  return written(to, async (file) => {
    let sizeBytes = 0;
    const keep = async (bytes: Buffer): Promise<void> => {
      mac.update(bytes);
      sealedHash.update(bytes);
      await file.writeFile(bytes);
    };
    for await (const part of parts(from)) {
      sizeBytes += part.length;
      plainHash.update(part);
      await keep(cipher.update(part));
    }
    await keep(cipher.final());
    const tag = mac.digest().subarray(0, macBytes);
    sealedHash.update(tag);
    await file.writeFile(tag);
    return { sizeBytes, fileSha256: plainHash.digest(), fileEncSha256: sealedHash.digest(), mediaKey };
  });
}

export interface OpenOrder {
  readonly kind: MediaKind;
  readonly from: string;
  readonly to: string;
  readonly mediaKey: Uint8Array;
  /** Of the plain file, where the message says it. */
  readonly fileSha256: Uint8Array | null;
}

const broken = (what: string): AppError =>
  new AppError('whatsapp_rejected', `The media that WhatsApp gave is not what was sent: ${what}.`);

/** Checked to its last byte before anybody sees the first one. Answers the size. */
export async function unseal({ kind, from, to, mediaKey, fileSha256 }: OpenOrder): Promise<number> {
  const { size } = await stat(from);
  const keys = keysOf(kind, mediaKey);
  const sealedBytes = size - macBytes;
  if (sealedBytes < 16 || sealedBytes % 16 !== 0) throw broken(`it has ${size} bytes`);
  const cipher = createDecipheriv('aes-256-cbc', keys.cipher, keys.iv);
  const mac = createHmac('sha256', keys.mac).update(keys.iv);
  const hash = createHash('sha256');
  return written(to, async (file) => {
    let plainBytes = 0;
    const keep = async (bytes: Buffer): Promise<void> => {
      plainBytes += bytes.length;
      hash.update(bytes);
      await file.writeFile(bytes);
    };
    for await (const part of parts(from, sealedBytes - 1)) {
      mac.update(part);
      await keep(cipher.update(part));
    }
    const tag = await tailOf(from, sealedBytes);
    if (!mac.digest().subarray(0, macBytes).equals(tag)) throw broken('its authentication code differs');
    await keep(cipher.final());
    if (fileSha256 && !hash.digest().equals(fileSha256)) throw broken('its SHA-256 differs');
    return plainBytes;
  });
}

async function tailOf(path: string, start: number): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const part of createReadStream(path, { start }) as AsyncIterable<Buffer>) found.push(part);
  return Buffer.concat(found);
}

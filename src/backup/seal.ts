/**
 * Encryption of a backup as a stream: scrypt makes the key of a passphrase, AES-256-GCM seals parts of 64 KiB,
 * so that neither side ever holds a whole file. A part carries its number and whether it is the last: one that
 * was changed, moved, left out or cut off fails. Used by backup.ts and restore.ts; it never writes a key.
 *
 *   magic 8 | salt 16 | log2 N 1 | r 1 | p 1 |   then parts: length 4 (top bit: last) | sealed | tag 16
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { promisify } from 'node:util';
import { BackupError } from './failure.ts';

const magic = Buffer.from('ELENCOB1');
const saltBytes = 16;
const headBytes = magic.length + saltBytes + 3;
const partBytes = 65_536;
const tagBytes = 16;
const lastBit = 0x8000_0000;
/** 64 MiB and about a quarter of a second: what a guess at the passphrase costs. */
const cost = { logN: 16, r: 8, p: 1 } as const;
const logNMax = 20;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

function keyOf(passphrase: string, salt: Buffer, logN: number, r: number, p: number): Promise<Buffer> {
  return derive(passphrase.normalize('NFC'), salt, 32, { N: 2 ** logN, r, p, maxmem: 512 * r * 2 ** logN });
}

/** The key is of this file alone, so a counter is a nonce that never repeats. */
function nonceOf(part: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(part, 8);
  return nonce;
}

function headed(salt: Buffer): Buffer {
  return Buffer.concat([magic, salt, Buffer.from([cost.logN, cost.r, cost.p])]);
}

function sealPart(key: Buffer, part: number, plain: Buffer, isLast: boolean): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(plain.length + (isLast ? lastBit : 0));
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(part));
  cipher.setAAD(length);
  return Buffer.concat([length, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** What is written to it comes out sealed. */
export async function sealing(passphrase: string): Promise<Transform> {
  const salt = randomBytes(saltBytes);
  const key = await keyOf(passphrase, salt, cost.logN, cost.r, cost.p);
  let waiting = Buffer.alloc(0);
  let part = 0;
  const stream = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length > partBytes) {
        this.push(sealPart(key, part++, waiting.subarray(0, partBytes), false));
        waiting = waiting.subarray(partBytes);
      }
      done();
    },
    flush(done) {
      this.push(sealPart(key, part, waiting, true));
      done();
    },
  });
  stream.push(headed(salt));
  return stream;
}

class Opening extends Transform {
  #passphrase: string;
  #waiting = Buffer.alloc(0);
  #key: Buffer | undefined;
  #part = 0;
  #isDone = false;

  constructor(passphrase: string) {
    super();
    this.#passphrase = passphrase;
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#take().then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    done(this.#isDone ? null : new BackupError('it is cut off'));
  }

  async #take(): Promise<void> {
    this.#key ??= await this.#readHead();
    if (!this.#key) return;
    for (let part = this.#nextPart(); part; part = this.#nextPart()) this.push(this.#open(this.#key, part));
    if (this.#isDone && this.#waiting.length > 0) throw new BackupError('something follows its end');
  }

  async #readHead(): Promise<Buffer | undefined> {
    if (this.#waiting.length < headBytes) return undefined;
    const head = this.#waiting.subarray(0, headBytes);
    if (!head.subarray(0, magic.length).equals(magic)) throw new BackupError('it is not a backup of Elenco');
    const [logN = 0, r = 0, p = 0] = head.subarray(headBytes - 3);
    if (logN > logNMax || r > 32 || p > 16) throw new BackupError('its head is damaged');
    this.#waiting = this.#waiting.subarray(headBytes);
    const salt = Buffer.from(head.subarray(magic.length, magic.length + saltBytes));
    return keyOf(this.#passphrase, salt, logN, r, p);
  }

  #nextPart(): Buffer | undefined {
    if (this.#isDone || this.#waiting.length < 4) return undefined;
    const size = 4 + (this.#waiting.readUInt32BE() % lastBit) + tagBytes;
    if (size > 4 + partBytes + tagBytes) throw new BackupError('it is damaged');
    if (this.#waiting.length < size) return undefined;
    const part = this.#waiting.subarray(0, size);
    this.#waiting = this.#waiting.subarray(size);
    return part;
  }

  #open(key: Buffer, sealed: Buffer): Buffer {
    const length = sealed.subarray(0, 4);
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(this.#part));
    decipher.setAAD(length);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    try {
      const plain = Buffer.concat([decipher.update(sealed.subarray(4, -tagBytes)), decipher.final()]);
      this.#isDone = length.readUInt32BE() >= lastBit;
      this.#part += 1;
      return plain;
    } catch {
      throw new BackupError(this.#part === 0 ? 'wrong passphrase, or it is damaged' : 'it is damaged');
    }
  }
}

/** The reverse of `sealing`; fails with `BackupError`. */
export const opening = (passphrase: string): Transform => new Opening(passphrase);

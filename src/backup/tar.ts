/**
 * The tar around a backup that is streamed: the sealed bytes cut into members, so that `tar` lists and unpacks
 * what any pipe, tape or bucket took, and nothing readable is in it but a note. backup.ts writes it; restore.ts
 * reads it, repacked by other tars too, and takes a bare sealed file as it is. It never looks into the members.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { BackupError } from './failure.ts';

const blockBytes = 512;
const folder = 'elenco-backup';
/** A member is held in memory until its size is known. */
const memberBytes = 4 * 1_048_576;
const memberName = /(?:^|\/)part-(\d+)\.sealed$/;
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);
const padding = (bytes: number): number => (blockBytes - (bytes % blockBytes)) % blockBytes;

const note = (madeAt: string): Buffer =>
  Buffer.from(
    `A backup of Elenco, made ${madeAt}. The parts are encrypted with its passphrase (BACKUP_PASSPHRASE).\n` +
      'elenco verify FILE | elenco settings FILE | elenco restore FILE   read this tar as it is.\n',
  );

/** The sum of the header's bytes, its own field counted as blanks. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum;
}

function member(name: string, bytes: Buffer, madeAt: string): Buffer {
  const header = zeros(blockBytes);
  const octal = (value: number, at: number, digits: number): number =>
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at);
  header.write(`${folder}/${name}`, 0);
  octal(0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes.length, 124, 11);
  octal(Math.floor(Date.parse(madeAt) / 1_000), 136, 11);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, zeros(padding(bytes.length))]);
}

/** What is written to it comes out as a tar. */
export function tarring(madeAt: string): Transform {
  let waiting: Buffer[] = [];
  let size = 0;
  let part = 0;
  const take = (): Buffer => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    size = 0;
    part += 1;
    return member(`part-${String(part).padStart(6, '0')}.sealed`, bytes, madeAt);
  };
  const stream = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      waiting.push(bytes);
      size += bytes.length;
      done(null, size < memberBytes ? undefined : take());
    },
    flush(done) {
      done(null, Buffer.concat([size > 0 ? take() : zeros(0), zeros(2 * blockBytes)]));
    },
  });
  stream.push(member('README.txt', note(madeAt), madeAt));
  return stream;
}

type Reading = 'unknown' | 'bare' | 'header' | 'member' | 'end';

class Untarring extends Transform {
  #waiting: Buffer = Buffer.alloc(0);
  #reading: Reading = 'unknown';
  #part = 0;
  /** Of the member at hand: bytes to come, the padding behind them, and whether it is one of ours. */
  #left = 0;
  #padding = 0;
  #isPart = false;

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#reading === 'bare') {
      done(null, bytes);
      return;
    }
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    try {
      while (this.#step());
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#reading === 'unknown') this.push(this.#waiting);
    done(this.#reading === 'member' || this.#reading === 'header' ? new BackupError('it is cut off') : null);
  }

  /** Whether there may be more to do with what is here. */
  #step(): boolean {
    if (this.#reading === 'end') this.#waiting = Buffer.alloc(0);
    if (this.#reading === 'member') return this.#passOn();
    if (this.#reading === 'end' || this.#reading === 'bare' || this.#waiting.length < blockBytes)
      return false;
    const isTar = this.#waiting.toString('latin1', 257, 262) === 'ustar';
    if (this.#reading === 'unknown' && !isTar) {
      this.#reading = 'bare';
      this.push(this.#waiting);
      return false;
    }
    this.#begin(this.#take(blockBytes));
    return true;
  }

  #begin(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#reading = 'end';
      return;
    }
    const text = (from: number, to: number): string =>
      header.toString('latin1', from, to).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 136), 8);
    if (Number.parseInt(text(148, 156), 8) !== checksum(header) || Number.isNaN(size))
      throw new BackupError('it is damaged');
    const number = ['0', ''].includes(text(156, 157)) ? memberName.exec(text(0, 100))?.[1] : undefined;
    this.#isPart = number !== undefined;
    if (this.#isPart && Number(number) !== ++this.#part) throw new BackupError('its parts are out of order');
    this.#reading = 'member';
    this.#left = size;
    this.#padding = padding(size);
  }

  #passOn(): boolean {
    const bytes = this.#take(Math.min(this.#left, this.#waiting.length));
    this.#left -= bytes.length;
    if (this.#isPart && bytes.length > 0) this.push(bytes);
    if (this.#left > 0 || this.#waiting.length < this.#padding) return false;
    this.#take(this.#padding);
    this.#reading = 'header';
    return true;
  }

  #take(bytes: number): Buffer {
    const taken = this.#waiting.subarray(0, bytes);
    this.#waiting = this.#waiting.subarray(bytes);
    return taken;
  }
}

/** The sealed bytes of a tar, or of a bare file; fails with `BackupError`. */
export const untarring = (): Transform => new Untarring();

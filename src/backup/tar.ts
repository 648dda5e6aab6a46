/**
 * The tar around a backup that is streamed: the sealed bytes cut into members, so that `tar` lists and unpacks
 * what any pipe, tape or bucket took, and nothing readable is in it but a note. backup.ts writes it; restore.ts
 * reads it, repacked by other tars too, and takes a bare sealed file as it is. It never looks into the members.
 * The one importer of node-tar.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { Header, Parser, type ReadEntry } from 'tar';
import { BackupError } from './failure.ts';

const blockBytes = 512;
const folder = 'elenco-backup';
/** A member is held in memory until its size is known. */
const memberBytes = 4 * 1_048_576;
const memberName = /(?:^|\/)part-(\d+)\.sealed$/;
const padding = (bytes: number): number => (blockBytes - (bytes % blockBytes)) % blockBytes;

const note = (madeAt: string): Buffer =>
  Buffer.from(
    `A backup of Elenco, made ${madeAt}. The parts are encrypted with its passphrase (BACKUP_PASSPHRASE).\n` +
      'elenco verify FILE | elenco settings FILE | elenco restore FILE   read this tar as it is.\n',
  );

function member(name: string, bytes: Buffer, madeAt: string): Buffer {
  const header = Buffer.alloc(blockBytes);
  const about = { size: bytes.length, mode: 0o600, uid: 0, gid: 0, mtime: new Date(madeAt) };
  new Header({ path: `${folder}/${name}`, type: 'File', ...about }).encode(header);
  return Buffer.concat([header, bytes, Buffer.alloc(padding(bytes.length))]);
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
      if (size > 0) this.push(take());
      done(null, Buffer.alloc(2 * blockBytes));
    },
  });
  stream.push(member('README.txt', note(madeAt), madeAt));
  return stream;
}

class Untarring extends Transform {
  /** The beginning, until it says what it is. */
  #head: Buffer = Buffer.alloc(0);
  #parser: Parser | 'bare' | null = null;
  #part = 0;
  #isWhole = false;
  #failure: BackupError | null = null;

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#parser !== null) {
      this.#read(bytes, done);
      return;
    }
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#head.length < blockBytes) {
      done();
      return;
    }
    this.#parser = this.#head.toString('latin1', 257, 262) === 'ustar' ? this.#newParser() : 'bare';
    this.#read(this.#head, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#parser === null) this.push(this.#head);
    const isCutOff = this.#parser instanceof Parser && !this.#isWhole;
    done(isCutOff ? new BackupError('it is cut off') : null);
  }

  #read(bytes: Buffer, done: TransformCallback): void {
    if (this.#parser instanceof Parser) {
      this.#parser.write(bytes);
      done(this.#failure);
    } else done(null, bytes);
  }

  #newParser(): Parser {
    const parser = new Parser({ strict: true, onReadEntry: (entry) => this.#entry(entry) });
    parser.on('eof', () => {
      this.#isWhole = true;
    });
    parser.on('error', () => this.#fail('it is damaged'));
    return parser;
  }

  #entry(entry: ReadEntry): void {
    const number = entry.type === 'File' ? memberName.exec(entry.path)?.[1] : undefined;
    if (number === undefined) {
      entry.resume();
      return;
    }
    if (Number(number) !== ++this.#part) this.#fail('its parts are out of order');
    entry.on('data', (bytes) => this.push(bytes));
  }

  #fail(why: string): void {
    this.#failure ??= new BackupError(why);
  }
}

/** The sealed bytes of a tar, or of a bare file; fails with `BackupError`. */
export const untarring = (): Transform => new Untarring();

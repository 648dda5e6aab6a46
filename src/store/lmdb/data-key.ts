/**
 * Encryption of stored values (DATA_KEY): AES-256-GCM around every value, before LMDB sees it. Keys of records
 * (instance ids, sequences, chat ids) stay readable. A mark beside the data says that it is encrypted and by
 * which key, so that a wrong or missing key is one clear line and never a store that looks damaged. Used by
 * databases.ts. lmdb-js' own page encryption is not used: version 3.5.6 aborts the process with it.
 *
 *   value: nonce 12 | sealed | tag 16      an empty value stays empty
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { ownBytes } from '../codec.ts';

/** What lmdb-js takes as `encoder`. */
export interface ValueCodec {
  encode(value: Uint8Array): Uint8Array;
  decode(bytes: Uint8Array, options?: { readonly end?: number } | number): Uint8Array;
}

interface Mark {
  readonly salt: string;
  readonly check: string;
}

const nonceBytes = 12;
const tagBytes = 16;
const markName = 'data-key.json';

const checkOf = (key: Buffer): string => createHmac('sha256', key).update('elenco data key').digest('hex');

function derive(dataKey: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(dataKey, 'hex'), salt, 'elenco store', 32));
}

function readMark(folder: string): Mark | null {
  const file = join(folder, markName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Mark) : null;
}

function makeMark(folder: string, dataKey: string): Buffer {
  const salt = randomBytes(16);
  const key = derive(dataKey, salt);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mark: Mark = { salt: salt.toString('hex'), check: checkOf(key) };
  const partial = join(folder, `${markName}.partial`);
  writeFileSync(partial, JSON.stringify(mark), { mode: 0o600, flush: true });
  renameSync(partial, join(folder, markName));
  return key;
}

/** The key of the store in `folder`, null for a plain one; `ConfigError` where DATA_KEY does not fit it. */
function keyFor(folder: string, dataKey: string | null): Buffer | null {
  const mark = readMark(folder);
  if (dataKey === null) {
    if (mark) throw new ConfigError('DATA_KEY: got nothing, takes the key that the store was encrypted with');
    return null;
  }
  if (!mark) {
    if (existsSync(join(folder, 'data.mdb')))
      throw new ConfigError('DATA_KEY: the store is not encrypted; `elenco rekey` encrypts it');
    return makeMark(folder, dataKey);
  }
  const key = derive(dataKey, Buffer.from(mark.salt, 'hex'));
  if (checkOf(key) !== mark.check)
    throw new ConfigError('DATA_KEY: got another key than the store was encrypted with');
  return key;
}

/** Unique for this key: a random start for each opening, then a counter. */
function nonces(): () => Buffer {
  const start = randomBytes(6);
  let count = 0;
  return () => {
    const nonce = Buffer.alloc(nonceBytes);
    start.copy(nonce);
    nonce.writeUIntBE(++count, 6, 6);
    return nonce;
  };
}

function sealed(key: Buffer, nonce: Buffer, value: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function opened(key: Buffer, bytes: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    const plain = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
    decipher.final();
    return ownBytes(plain);
  } catch {
    throw new AppError('store_failed', 'a stored value cannot be decrypted: the store is damaged');
  }
}

/** The codec of all values of the store in `folder`, null where they are stored as they are. */
export function valueCodec(folder: string, dataKey: string | null): ValueCodec | null {
  const key = keyFor(folder, dataKey);
  if (key === null) return null;
  const next = nonces();
  return {
    encode: (value) => (value.length === 0 ? value : sealed(key, next(), value)),
    decode(bytes, options) {
      const end = (typeof options === 'number' ? options : options?.end) ?? bytes.length;
      return end === 0 ? new Uint8Array(0) : opened(key, bytes.subarray(0, end));
    },
  };
}

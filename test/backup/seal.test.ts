/** The sealed stream: comes back whole, and every way to damage it is noticed. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { opening, sealing } from '../../src/backup/seal.ts';

const passphrase = 'correct horse battery';
const headBytes = 27;

async function seal(plain: Buffer): Promise<Buffer> {
  const sealed = await sealing(passphrase);
  const [bytes] = await Promise.all([buffer(sealed), pipeline(Readable.from(parts(plain)), sealed)]);
  return bytes;
}

function* parts(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

async function open(sealed: Buffer, phrase = passphrase): Promise<Buffer> {
  const opened = opening(phrase);
  const [bytes] = await Promise.all([buffer(opened), pipeline(Readable.from(parts(sealed)), opened)]);
  return bytes;
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

let sealed: Buffer;
beforeAll(async () => {
  sealed = await seal(Buffer.alloc(200_000, 7));
});

describe('a sealed stream', () => {
  it.each([0, 65_536, 65_537, 300_000])('of %i bytes comes back', async (size) => {
    const plain = Buffer.alloc(size, 'elenco');
    expect((await open(await seal(plain))).equals(plain)).toBe(true);
  });

  it('shows nothing of what it holds, and differs every time', async () => {
    const plain = Buffer.alloc(1_000, 'a secret of somebody ');
    const [first, second] = [await seal(plain), await seal(plain)];
    expect(first.includes('secret')).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  it('refuses a wrong passphrase in words', async () => {
    await expect(open(sealed, 'wrong horse battery')).rejects.toThrow(/wrong passphrase/);
  });

  it.each([
    ['its salt', 10],
    ['the length of a part', headBytes + 1],
    ['the bit that says last', headBytes],
    ['a sealed byte', headBytes + 100],
    ['a tag', headBytes + 4 + 65_536 + 3],
    ['a later part', headBytes + 4 + 65_536 + 16 + 40],
  ])('notices a change of %s', async (_, at) => {
    await expect(open(flipped(sealed, at))).rejects.toThrow(/damaged|cut off/);
  });

  it('notices parts that are missing, swapped, repeated or added', async () => {
    const size = 4 + 65_536 + 16;
    const head = sealed.subarray(0, headBytes);
    const part = (n: number): Buffer => sealed.subarray(headBytes + n * size, headBytes + (n + 1) * size);
    const broken = [
      sealed.subarray(0, headBytes + size),
      sealed.subarray(0, -1),
      Buffer.concat([head, part(1), part(0), part(2), part(3)]),
      Buffer.concat([head, part(0), part(0), part(1), part(2), part(3)]),
      Buffer.concat([sealed, part(0)]),
      head,
      Buffer.alloc(0),
    ];
    for (const bytes of broken) await expect(open(Buffer.from(bytes))).rejects.toThrow();
  });

  it('refuses what is no backup', async () => {
    await expect(open(Buffer.alloc(500, 'PK'))).rejects.toThrow(/not a backup/);
  });
});

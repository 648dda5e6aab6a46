/** The tar around a streamed backup: what `tar` makes of it, and what is read back from any cut and any tar. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarring, untarring } from '../../src/backup/tar.ts';

const madeAt = '2026-03-01T10:20:30.000Z';
const sealed = Buffer.concat([Buffer.from('ELENCOB1'), randomBytes(9 * 1_048_576 + 77)]);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-tar-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const cut = function* (bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const through = (bytes: Buffer, stream: Transform, size = 65_536): Promise<Buffer> =>
  buffer(Readable.from(cut(bytes, size)).compose(stream));
const tar = (argv: readonly string[], input: Buffer = Buffer.alloc(0)) => {
  const { status, stdout, stderr } = spawnSync('tar', argv, { input, cwd: dir, maxBuffer: 64 * 1_048_576 });
  expect(status, stderr.toString()).toBe(0);
  return stdout;
};

describe('the tar of a backup', () => {
  it('is unpacked by tar into parts that are the sealed bytes', async () => {
    tar(['--extract'], await through(sealed, tarring(madeAt)));
    const folder = join(dir, 'elenco-backup');
    const names = (await readdir(folder)).toSorted();
    const parts = names.filter((name) => name.endsWith('.sealed'));
    expect(parts).toHaveLength(3);
    const bytes = Buffer.concat(await Promise.all(parts.map((name) => readFile(join(folder, name)))));
    expect(bytes.equals(sealed)).toBe(true);
    expect(await readFile(join(folder, 'README.txt'), 'utf8')).toContain('elenco restore FILE');
  });

  it('is read back however it is cut, repacked by another tar, or bare', async () => {
    const made = await through(sealed, tarring(madeAt));
    for (const size of [511, 4_096, made.length])
      expect((await through(made, untarring(), size)).equals(sealed)).toBe(true);
    tar(['--extract'], made);
    for (const format of ['gnu', 'pax', 'ustar']) {
      const again = tar(['--create', `--format=${format}`, '--sort=name', '.']);
      expect((await through(again, untarring())).equals(sealed), format).toBe(true);
    }
    expect((await through(sealed, untarring())).equals(sealed)).toBe(true);
    const small = Buffer.from('shorter than a block');
    expect((await through(small, untarring())).equals(small)).toBe(true);
  });

  it.each([
    ['cut in a part', (made: Buffer) => made.subarray(0, 5_000_000), 'it is cut off'],
    ['cut behind a part', (made: Buffer) => made.subarray(0, 1_024), 'it is cut off'],
    ['with a part twice', (made: Buffer) => Buffer.concat([made.subarray(0, -1_024), made]), 'out of order'],
    ['with a wrong header', (made: Buffer) => Buffer.from(made).fill(0x37, 124, 130), 'it is damaged'],
  ])('is refused %s', async (_, harm, why) => {
    const made = await through(sealed, tarring(madeAt));
    await expect(through(harm(made), untarring())).rejects.toThrow(why);
  });
});

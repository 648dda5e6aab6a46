/** JSON bodies with a file as base64, read from the disk; and the wall before URLs that users name. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFetcher } from '../../src/media/fetch.ts';
import { readBody } from '../../src/media/read-body.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-body-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let names = 0;
async function read(text: string, fileMaxBytes = 10_000_000) {
  names += 1;
  const [path, to] = [join(dir, `in-${names}`), join(dir, `out-${names}`)];
  await writeFile(path, text);
  return { to, ...(await readBody({ path, to, fileMaxBytes })) };
}

describe('a JSON body with a file', () => {
  it.each([1, 2, 3, 262_143, 1_000_003])('of %i bytes comes apart exactly', async (size) => {
    const file = randomBytes(size);
    const base64 = file.toString('base64').replaceAll('/', '\\/');
    const {
      text,
      file: found,
      to,
    } = await read(`{"to":"a \\"base64\\": b","media" : { "base64" :\n"${base64}"},"x":[1]}`);
    expect(JSON.parse(text)).toEqual({ to: 'a "base64": b', media: { base64: '' }, x: [1] });
    expect(found).toEqual({
      sizeBytes: size,
      sha256: createHash('sha256').update(file).digest('hex'),
      mimetype: null,
    });
    expect((await readFile(to)).equals(file)).toBe(true);
  });

  it('without one, or with one that is no base64, or is too large, leaves no file', async () => {
    const before = (await readdir(dir)).filter((name) => name.startsWith('out')).length;
    expect((await read('{"a":1}')).file).toBeNull();
    for (const wrong of ['****', 'AAAA=AAA', 'AAAAA', 'AA\\nAA', 'AAAA====AAAA'])
      await expect(read(`{"base64":"${wrong}"}`)).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(read('{"base64":"AAAAAAAA"}', 5)).rejects.toMatchObject({ code: 'body_too_large' });
    await expect(read(`{"a":"${'x'.repeat(300_000)}"}`)).rejects.toMatchObject({ code: 'body_too_large' });
    expect((await readdir(dir)).filter((name) => name.startsWith('out')).length).toBe(before);
  });
});

describe('a URL', () => {
  it.each([
    'http://127.0.0.1:9/',
    'http://[::1]:9/',
    'http://169.254.169.254/',
    'http://localhost:9/',
    'ftp://a/',
  ])('%s is refused before anything is asked', async (url) => {
    const fetcher = createFetcher(true);
    await expect(fetcher.fetch(url)).rejects.toMatchObject({ code: 'validation_failed' });
    await fetcher.close();
  });
});

/**
 * A disk that is full: commits are refused with the cause, the process lives, and what was acknowledged is
 * there. It used to end the process: lmdb-js rejects a promise beside the batch's own, which nobody handled.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder } from './records.ts';

const writer = fileURLToPath(new URL('./fixtures/full-writer.ts', import.meta.url));

interface Printed {
  readonly acknowledged: number[];
  readonly refused: string[];
  readonly isAlive: boolean;
}

it('refuses commits with the cause and loses nothing that it acknowledged', async () => {
  const dir = scratchFolder();
  const command = 'ulimit -f 2048; exec "$0" "$1" "$2"';
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, writer, dir]);
  const printed = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Printed;
  expect(printed.isAlive).toBe(true);
  expect(printed.acknowledged.length).toBeGreaterThan(10);
  for (const reason of printed.refused) expect(reason).toMatch(/^store_failed: commit: File too large/);
  const store = await openStore(optionsFor(dir));
  for (const n of printed.acknowledged) expect((await store.sessions.creds(`i${n}`))?.[0]).toBe(n & 255);
  await store.commit([{ to: 'creds', instance: 'later', value: new Uint8Array([1]) }]);
  await store.close();
});

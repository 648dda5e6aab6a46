/**
 * A file that cannot grow: the commit is refused with its cause, and what was acknowledged is there. LMDB's
 * native code may abort the process afterwards (seen in about every third run, which is why `disk-guard.ts`
 * refuses writes before the disk is full), so only the data is asserted, not the process' life.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder } from './records.ts';

const writer = fileURLToPath(new URL('./fixtures/full-writer.ts', import.meta.url));

it('refuses a commit with the cause and loses nothing that it acknowledged', async () => {
  const dir = scratchFolder();
  const command = 'ulimit -f 2048; exec "$0" "$1" "$2"';
  const child = spawn('sh', ['-c', command, process.execPath, writer, dir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  await exited;
  const acknowledged = lines.filter((line) => line.startsWith('acknowledged '));
  const refused = lines.filter((line) => line.startsWith('refused '));
  expect(acknowledged.length).toBeGreaterThan(10);
  for (const reason of refused) expect(reason).toMatch(/^refused store_failed: commit: File too large/);
  const store = await openStore(optionsFor(dir));
  for (const line of acknowledged) {
    const n = Number(line.split(' ')[1]);
    expect((await store.sessions.creds(`i${n}`))?.[0]).toBe(n & 255);
  }
  await store.commit([{ to: 'creds', instance: 'later', value: new Uint8Array([1]) }]);
  await store.close();
});

/**
 * Misuse of the WASM bridge's objects, each in a real thread: memory of the module is then undefined for every
 * socket of the thread, so the thread must end with an error that its supervisor hears (test/thread/deaths.test.ts
 * shows the restart), and never go on as if a message had merely been undecryptable.
 */
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

function causeOfDeath(misuse: string): Promise<string> {
  const thread = new Worker(new URL('./fixtures/trap-thread.ts', import.meta.url), { workerData: misuse });
  return new Promise((resolve, reject) => {
    thread.once('error', (error) => resolve(String(error)));
    thread.once('exit', (code) => reject(new Error(`it ended silently, with ${code}`)));
  });
}

test.each([
  ['an address that was freed', /the Signal module trapped: null pointer/],
  ['a cipher that was freed', /null pointer passed to rust/],
  ['a cipher freed while it works', /RuntimeError/],
  ['a cipher used by two at once', /recursive use of an object/],
])(
  '%s ends the thread, loudly',
  async (misuse, cause) => {
    expect(await causeOfDeath(misuse)).toMatch(cause);
  },
  30_000,
);

/** Waits until a fact holds, looking again every turn of the event loop; fails after the guard. */
import { setImmediate } from 'node:timers/promises';

const guardMs = 30_000;

export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const end = performance.now() + guardMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`did not happen within ${guardMs} ms: ${what}`);
    await setImmediate();
  }
}

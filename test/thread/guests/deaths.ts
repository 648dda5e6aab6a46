/** One function per way to die in a thread; called by the test guest inside a turn. */
import { readFileSync } from 'node:fs';
import { unreachable } from '../../../src/assert.ts';
import type { Death } from './echo-protocol.ts';

export function die(way: Death, guest: { progress(): void }): unknown {
  if (typeof way === 'object') return 'fifo' in way ? readFileSync(way.fifo) : stayBusy(way.busyMs, guest);
  switch (way) {
    case 'throw':
      throw new Error('thrown on command');
    case 'reject':
      return Promise.reject(new Error('rejected on command'));
    case 'timer':
      return new Promise(() => setTimeout(() => noSuchThing(), 1));
    case 'exit':
      return process.exit(3);
    case 'hang':
      for (;;);
    case 'heap':
      return exhaustHeap();
    case 'frozen':
      // Blocked outside of JavaScript's loop: no timer, no message, no beat.
      return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    default:
      return unreachable(way);
  }
}

function noSuchThing(): never {
  throw new Error('thrown from a timer on command');
}

/** By a list and not an array: one large array growth aborts the whole process instead of the thread. */
function exhaustHeap(): never {
  let kept: object | undefined;
  for (let at = 0; ; at++) kept = { at, before: kept, text: `${at}`.repeat(20) };
}

/** Holds the loop for long, saying now and then that it comes on. */
function stayBusy(busyMs: number, guest: { progress(): void }): string {
  const endAt = performance.now() + busyMs;
  while (performance.now() < endAt) guest.progress();
  return 'done';
}

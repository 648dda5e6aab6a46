/** The example of the documentation runs, and prints what it says. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the counters example shows asks, a refusal, a move, a crash and a drain', async () => {
  const script = fileURLToPath(new URL('../../examples/counters/main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(stdout.trim().split('\n')).toEqual([
    'apples: 1000',
    'refused: validation_failed - by must not be negative, got -1',
    'apples after the move: 1100 on thread 1',
    'crash: actor_restarted',
    'restarted: counter-0 - apples are still 1100',
    "counter-1: { state: 'ready', starts: 1, keys: 1 }",
    '11 milestones, the last: apples reached 1100',
  ]);
});

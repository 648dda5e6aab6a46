/**
 * The real webhook thread in a real process that is killed again and again: every acknowledged event arrives,
 * in order within its chat, and what arrives twice has the same id. KILLS=n makes more rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../store/records.ts';
import { type Received, startReceiver } from './receiver.ts';

const fixture = fileURLToPath(new URL('./fixtures/delivering.ts', import.meta.url));
const rounds = Number(process.env['KILLS'] ?? 3);
const perRound = 400;

function start(dir: string, url: string, first: number, count: number): ChildProcess {
  const child = spawn(process.execPath, [fixture, dir, url, String(first), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** All lines that it printed; it is killed after `killAfter` of them. */
async function linesOf(child: ChildProcess, killAfter: number): Promise<string[]> {
  const lines: string[] = [];
  const exited = once(child, 'exit');
  if (!child.stdout) throw new Error('the child has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === killAfter) child.kill('SIGKILL');
  }
  await exited;
  return lines;
}

/** Numbers of one chat in the order of their first arrival. */
function firstArrivals(received: readonly Received[], chat: number): number[] {
  const mine = received.map(({ body }) => body.data.n).filter((n) => n % 6 === chat);
  return [...new Set(mine)];
}

it(`loses nothing over ${rounds} kills`, { timeout: 30_000 + rounds * 10_000 }, async () => {
  const dir = scratchFolder();
  const receiver = await startReceiver((_, count) => ({ status: count % 50 === 0 ? 503 : 200 }));
  const acknowledged = new Set<number>();
  let first = 1;
  for (let round = 0; round < rounds; round++) {
    const child = start(dir, receiver.url, first, perRound);
    const lines = await linesOf(child, 40 + ((round * 83) % 300));
    for (const line of lines) acknowledged.add(Number(line));
    first += perRound;
  }
  const last = await linesOf(start(dir, receiver.url, first, 30), Number.MAX_SAFE_INTEGER);
  expect(last.at(-1)).toBe('settled');
  for (const line of last.slice(0, -1)) acknowledged.add(Number(line));
  const arrived = new Set(receiver.numbers);
  expect([...acknowledged].filter((n) => !arrived.has(n))).toEqual([]);
  for (let chat = 0; chat < 6; chat++) {
    const order = firstArrivals(receiver.received, chat);
    expect(order).toEqual(order.toSorted((x, y) => x - y));
  }
  for (const { id, body } of receiver.received) expect(id).toBe(`event-${body.data.n}`);
});

/**
 * One real thread per way to die: what the asker sees, that the ref serves again, that the sibling noticed
 * nothing. Threads that cannot be ended are reported as wedged. How long it takes is printed by the bench.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { afterEach, describe, expect, test } from 'vitest';
import type { Exit } from '../../src/actor/child-spec.ts';
import { DeadLetters } from '../../src/actor/dead-letters.ts';
import { restartLimits } from '../../src/actor/restart-policy.ts';
import { type Escalation, Supervisor } from '../../src/actor/supervisor.ts';
import { systemClock } from '../../src/clock.ts';
import type { Death } from './guests/echo-protocol.ts';
import { type EchoHost, echoHost, failureOf, quietLog, testLimits } from './harness.ts';

const patient = { timeoutMs: 25_000 };
let supervisor: Supervisor | undefined;
afterEach(async () => supervisor?.stop());

interface Watch {
  readonly restarted: Promise<string>;
  readonly escalated: Promise<Escalation>;
  readonly deaths: Exit[];
}

async function supervise(hosts: readonly EchoHost[], restartsMax = 5): Promise<Watch> {
  const [restarted, escalated] = [Promise.withResolvers<string>(), Promise.withResolvers<Escalation>()];
  const deaths: Exit[] = [];
  supervisor = new Supervisor({
    clock: systemClock,
    log: quietLog,
    limits: { ...restartLimits, restartsMax, delayMsMin: 1, unreadyDelayMsMin: 1 },
    onRestarted: restarted.resolve,
    onEscalate: escalated.resolve,
    onDeath: (_, exit) => deaths.push(exit),
  });
  await supervisor.start(hosts);
  return { restarted: restarted.promise, escalated: escalated.promise, deaths };
}

const waysToDie: [name: string, way: Death, reason: string][] = [
  ['throws in a turn', 'throw', 'crashed'],
  ['rejects in a turn', 'reject', 'crashed'],
  ['throws outside of any turn', 'timer', 'crashed'],
  ['calls process.exit', 'exit', 'exited'],
  ['hangs in an endless loop', 'hang', 'silent'],
  ['exhausts its heap', 'heap', 'heap_exhausted'],
  ['is blocked outside of its loop', 'frozen', 'silent'],
];

describe.each(waysToDie)('a thread that %s', (name, way, reason) => {
  test(`fails its asks with actor_restarted, serves again, and died as ${reason}`, async () => {
    const heap = { resourceLimits: { maxOldGenerationSizeMb: 32 } };
    const [host, sibling] = [echoHost({}, heap), echoHost({}, { name: 'sibling' })];
    const { restarted, deaths } = await supervise([host, sibling]);
    const pending = failureOf(host.ref.ask({ kind: 'Never' }, patient));
    const startedAt = performance.now();
    const fatal = failureOf(host.ref.ask({ kind: 'Die', way }, patient));
    const untouched = sibling.ref.ask({ kind: 'AskHost', value: 1 }, patient);
    expect(await fatal).toMatchObject({ code: 'actor_restarted' });
    const failedAt = performance.now();
    expect(await pending).toMatchObject({
      code: 'actor_restarted',
      failure: { retryAfterMs: expect.any(Number) },
    });
    expect(await restarted).toBe('echo');
    expect(await host.ref.ask({ kind: 'Echo', value: 'again' }, patient)).toBe('again');
    const [failMs, serveMs] = [failedAt - startedAt, performance.now() - failedAt].map(Math.round);
    console.info(`${name}: its asks failed after ${failMs} ms, it served again ${serveMs} ms later`);
    expect(deaths.map((exit) => exit.reason)).toEqual([reason]);
    await untouched;
    expect(await sibling.stats()).toMatchObject({ starts: 1, state: 'ready' });
  });
});

/** V8 let `--max-old-space-size` of the process win over the limit of the thread: no shard ever died of its own. */
test('a thread keeps to its heap limit in a process that was given a larger one', async () => {
  setFlagsFromString('--max-old-space-size=8192');
  const host = echoHost({}, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const { deaths } = await supervise([host]);
  await failureOf(host.ref.ask({ kind: 'Die', way: 'heap' }, patient));
  expect(deaths.map((exit) => exit.reason)).toEqual(['heap_exhausted']);
});

test('a thread that is killed from outside serves again', async () => {
  const host = echoHost();
  const { restarted } = await supervise([host]);
  const pending = failureOf(host.ref.ask({ kind: 'Never' }, patient));
  await host.crash();
  expect(await pending).toMatchObject({ code: 'actor_restarted' });
  await restarted;
  expect(await host.ref.ask({ kind: 'Echo', value: 1 }, patient)).toBe(1);
});

test('a loop that is busy far beyond the silence limit but reports progress is left alone', async () => {
  const host = echoHost();
  const { deaths } = await supervise([host]);
  const busyMs = (testLimits.silenceLimitMs ?? 0) * 1.5;
  expect(await host.ref.ask({ kind: 'Die', way: { busyMs } }, patient)).toBe('done');
  expect(deaths).toEqual([]);
});

test('a guest that never becomes ready fails its start, and asks that waited for it', async () => {
  const host = echoHost({ limits: { ...testLimits, readyLimitMs: 500 } }, { guest: 'never-ready' });
  const started = host.start();
  const waiting = failureOf(host.ref.ask({ kind: 'Echo', value: 1 }, patient));
  await expect(started).rejects.toMatchObject({
    name: 'StartFailed',
    exit: { reason: 'never_ready', wasReady: false },
  });
  expect(await waiting).toMatchObject({ code: 'actor_restarted' });
});

test('a guest that cannot be built fails the start with its own error, and those before it are stopped', async () => {
  const [sound, stillborn] = [echoHost({}, { name: 'sound' }), echoHost({}, { guest: 'stillborn' })];
  const started = supervise([sound, stillborn]);
  await expect(started).rejects.toThrow(/ended before it was ready: crashed: cannot be built/);
  expect(sound.state).toBe('stopped');
});

test('dying more often than the intensity allows escalates, and stops the siblings', async () => {
  const [host, sibling] = [echoHost(), echoHost({}, { name: 'sibling' })];
  const { escalated } = await supervise([host, sibling], 1);
  // One restart is allowed; the replay of the tell uses it up.
  host.ref.tell({ kind: 'Die', way: 'throw' });
  expect(await escalated).toMatchObject({ child: 'echo', restarts: 1, exit: { reason: 'crashed' } });
  expect([host.state, sibling.state]).toEqual(['stopped', 'stopped']);
  expect(host.ref.tell({ kind: 'GetCount' })).toBe('stopped');
});

test('a message that crashed its actor twice is set aside; what waited behind it is kept', async () => {
  const deadLetters = new DeadLetters(systemClock, quietLog);
  const host = echoHost({ deadLetters });
  const { deaths } = await supervise([host]);
  const poison = { kind: 'Die', way: 'throw' } as const;
  host.ref.tell(poison);
  for (const number of [1, 2, 3]) host.ref.tell({ kind: 'Count', number });
  let counted: unknown;
  while (!Array.isArray(counted))
    counted = await host.ref.ask({ kind: 'GetCount' }, patient).catch(() => retrySoon());
  expect(counted).toEqual([1, 2, 3]);
  expect(deaths.length).toBe(2);
  expect(deadLetters.samples('poison')).toMatchObject([{ actor: 'echo', kind: 'Die' }]);
  expect(host.ref.tell(poison)).toBe('stopped');
  expect(await failureOf(host.ref.ask(poison, patient))).toMatchObject({ code: 'internal' });
});

/** The asker of a restarting actor waits for the event loop, as a client would for Retry-After. */
const retrySoon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a thread that terminate() cannot end is reported as wedged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'elenco-wedge-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const wedged = Promise.withResolvers<string>();
  const host = echoHost({ limits: { ...testLimits, terminateLimitMs: 300 }, onWedged: wedged.resolve });
  const { deaths } = await supervise([host]);
  // Opening a FIFO that nobody writes blocks inside the kernel, where no isolate can be interrupted.
  const fatal = failureOf(host.ref.ask({ kind: 'Die', way: { fifo } }, patient));
  expect(await fatal).toMatchObject({ code: 'actor_restarted' });
  expect(await wedged.promise).toBe('echo');
  expect(deaths).toEqual([]);
  openSync(fifo, 'w');
  rmSync(folder, { recursive: true });
});

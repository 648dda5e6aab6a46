/** A host and its guest in a real thread: asks, tells, verdicts, deadlines, drain, stop, replace. */
import { afterEach, describe, expect, test } from 'vitest';
import { type EchoHost, echoHost, failureOf, startedEchoHost } from './harness.ts';

let host: EchoHost | undefined;
afterEach(async () => {
  await host?.kill();
  host = undefined;
});

const soon = { timeoutMs: 20_000 };

describe('asks', () => {
  test('are answered, with bytes and nested data unchanged', async () => {
    host = await startedEchoHost();
    const value = { bytes: new Uint8Array([1, 2, 3]), list: [1, 'two', null, undefined], big: 2n ** 60n };
    expect(await host.ref.ask({ kind: 'Echo', value }, soon)).toEqual(value);
  });

  test('two thousand at once are each answered with their own value', async () => {
    host = await startedEchoHost();
    const { ref } = host;
    const asks = Array.from({ length: 2000 }, (_, value) => ref.ask({ kind: 'Echo', value }, soon));
    expect(await Promise.all(asks)).toEqual(asks.map((_, index) => index));
  });

  test('carry their deadline', async () => {
    host = await startedEchoHost();
    const before = Date.now();
    const deadline = await host.ref.ask({ kind: 'Deadline' }, soon);
    expect(deadline).toBeGreaterThanOrEqual(before + soon.timeoutMs);
  });

  test('fail with the error of the callee', async () => {
    host = await startedEchoHost();
    const error = await failureOf(host.ref.ask({ kind: 'Fail', detail: '3 of 2' }, soon));
    expect(error).toMatchObject({ code: 'conflict', message: '3 of 2', failure: { retryAfterMs: 7 } });
  });

  test('end in timeout when nobody answers, and a slow one holds nobody up', async () => {
    host = await startedEchoHost();
    const slow = failureOf(host.ref.ask({ kind: 'Never' }, { timeoutMs: 100 }));
    expect(await host.ref.ask({ kind: 'Echo', value: 'quick' }, soon)).toBe('quick');
    expect(await slow).toMatchObject({ code: 'timeout' });
  });

  test('made before the guest is ready wait for it', async () => {
    host = echoHost();
    const started = host.start();
    const ask = host.ref.ask({ kind: 'Echo', value: 1 }, soon);
    await started;
    expect(await ask).toBe(1);
  });

  test('that are not data fail alone', async () => {
    host = await startedEchoHost();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const bad = failureOf(host.ref.ask({ kind: 'Echo', value: circular }, soon));
    const good = host.ref.ask({ kind: 'Echo', value: 'fine' }, soon);
    expect(await bad).toMatchObject({ code: 'internal' });
    expect(await good).toBe('fine');
  });
});

describe('mailbox', () => {
  test('refuses at its capacity and takes again when a turn has finished', async () => {
    host = await startedEchoHost({}, { mailboxCapacity: 3 });
    const { ref } = host;
    const held = [1, 2].map((value) => ref.ask({ kind: 'Echo', value }, soon));
    expect(ref.tell({ kind: 'Count', number: 1 })).toBe('accepted');
    expect(ref.tell({ kind: 'Count', number: 2 })).toBe('full');
    expect(await failureOf(ref.ask({ kind: 'GetCount' }, soon))).toMatchObject({ code: 'mailbox_full' });
    await Promise.all(held);
    expect(await ref.ask({ kind: 'GetCount' }, soon)).toEqual([1]);
  });
});

describe('the guest', () => {
  test('tells its host', async () => {
    const told = Promise.withResolvers<unknown>();
    host = await startedEchoHost({ onTell: (event) => told.resolve(event) });
    expect(await host.ref.ask({ kind: 'TellHost', value: 9 }, soon)).toBe('accepted');
    expect(await told.promise).toEqual({ kind: 'Told', value: 9 });
  });

  test('asks its host', async () => {
    host = await startedEchoHost({ onAsk: (message) => ['heard', message] });
    const answer = await host.ref.ask({ kind: 'AskHost', value: 5 }, soon);
    expect(answer).toEqual(['heard', { kind: 'Asked', value: 5 }]);
  });

  test('reports its thread in stats', async () => {
    host = await startedEchoHost();
    await host.ref.ask({ kind: 'Count', number: 4 }, soon);
    const stats = await host.stats();
    expect(stats).toMatchObject({ state: 'ready', asksInFlight: 0, guest: { behavior: { seen: 1 } } });
    const guest = stats['guest'] as Record<string, number>;
    for (const name of ['elu', 'loopDelayP99Ms', 'heapUsedBytes', 'externalBytes', 'cpuUserMs']) {
      expect(guest[name], name).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('ends', () => {
  test('drain finishes the mailbox, runs drain and stop, and refuses meanwhile', async () => {
    const events: unknown[] = [];
    host = await startedEchoHost({ onTell: (event) => void events.push(event) });
    for (let number = 0; number < 100; number++) host.ref.tell({ kind: 'Count', number });
    const drained = host.drain();
    expect(host.ref.tell({ kind: 'Count', number: 100 })).toBe('stopped');
    await drained;
    expect(events).toEqual([{ kind: 'Drained', seen: 100 }, { kind: 'Stopped' }]);
    expect(host.state).toBe('stopped');
  });

  test('stop fails pending asks and is idempotent', async () => {
    host = await startedEchoHost();
    const pending = failureOf(host.ref.ask({ kind: 'Never' }, soon));
    await host.stop();
    await host.stop();
    expect(await pending).toMatchObject({ code: 'draining' });
    expect(await failureOf(host.ref.ask({ kind: 'GetCount' }, soon))).toMatchObject({ code: 'draining' });
  });

  test('replace swaps the thread under traffic without losing or failing anything', async () => {
    host = await startedEchoHost();
    const { ref } = host;
    const before = Array.from({ length: 500 }, (_, value) => ref.ask({ kind: 'Echo', value }, soon));
    const replaced = host.replace();
    const during = Array.from({ length: 500 }, (_, value) =>
      ref.ask({ kind: 'Echo', value: value + 500 }, soon),
    );
    await replaced;
    const answers = await Promise.all([...before, ...during]);
    expect(answers).toEqual(answers.map((_, index) => index));
    expect(await host.stats()).toMatchObject({ state: 'ready', starts: 2 });
  });
});

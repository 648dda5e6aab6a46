/** The supervisor against children that die on command: order, one for one, intensity, replacement. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChildSpec, type Exit, StartFailed } from '../../src/actor/child-spec.ts';
import { restartLimits } from '../../src/actor/restart-policy.ts';
import { Supervisor } from '../../src/actor/supervisor.ts';
import { createLog } from '../../src/log.ts';
import { FakeClock } from './fake-clock.ts';

const log = createLog('silent');
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const exitOf = (wasReady: boolean, servedMs = 0): Exit => ({
  reason: 'crashed',
  error: new Error('x'),
  wasReady,
  servedMs,
});

class Child implements ChildSpec {
  readonly name: string;
  readonly #journal: string[];
  isUp = false;
  failsToStart = false;
  listener: ((exit: Exit) => void) | undefined;

  constructor(name: string, journal: string[]) {
    this.name = name;
    this.#journal = journal;
  }

  async start(): Promise<void> {
    if (this.isUp) throw new Error(`${this.name} was started while it was up`);
    this.#journal.push(`start ${this.name}`);
    if (this.failsToStart) throw new StartFailed(this.name, exitOf(false));
    this.isUp = true;
  }

  async drain(): Promise<void> {
    this.#end('drain');
  }

  async stop(): Promise<void> {
    this.#end('stop');
  }

  async replace(): Promise<void> {
    this.#end('replace');
    await this.start();
  }

  abandon(): void {
    this.#end('abandon');
  }

  onExit(listener: (exit: Exit) => void): void {
    this.listener = listener;
  }

  async stats(): Promise<Record<string, unknown>> {
    return { isUp: this.isUp };
  }

  die(wasReady = true): void {
    this.isUp = false;
    this.listener?.(exitOf(wasReady));
  }

  #end(how: string): void {
    this.isUp = false;
    this.#journal.push(`${how} ${this.name}`);
  }
}

function family(names: string[]) {
  const clock = new FakeClock();
  const journal: string[] = [];
  const escalations: string[] = [];
  const children = names.map((name) => new Child(name, journal));
  const supervisor = new Supervisor({ clock, log, onEscalate: ({ child }) => escalations.push(child) });
  return {
    clock,
    journal,
    escalations,
    children,
    supervisor,
    child: (index: number) => children[index] as Child,
  };
}

describe('order', () => {
  test('starts in order, stops in reverse', async () => {
    const { supervisor, children, journal } = family(['a', 'b', 'c']);
    await supervisor.start(children);
    await supervisor.stop();
    expect(journal).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  test('a failing first start stops those before it', async () => {
    const { supervisor, children, journal, child } = family(['a', 'b', 'c']);
    child(1).failsToStart = true;
    await expect(supervisor.start(children)).rejects.toThrow(StartFailed);
    expect(journal.slice(0, 2)).toEqual(['start a', 'start b']);
    expect(journal).toContain('stop a');
    expect(journal).not.toContain('start c');
  });

  test('replaces all, one at a time', async () => {
    const { supervisor, children, journal } = family(['a', 'b']);
    await supervisor.start(children);
    await supervisor.replaceAll();
    expect(journal.slice(2)).toEqual(['replace a', 'start a', 'replace b', 'start b']);
  });
});

test('restarts the one that died, after its delay, and no other', async () => {
  const { supervisor, children, journal, clock, child } = family(['a', 'b']);
  await supervisor.start(children);
  child(0).die();
  expect(supervisor.stateOf('a')).toBe('restarting');
  clock.advance(restartLimits.delayMsMin - 1);
  expect(journal).toHaveLength(2);
  clock.advance(1);
  await settle();
  expect(journal.slice(2)).toEqual(['start a']);
  expect([supervisor.stateOf('a'), supervisor.stateOf('b')]).toEqual(['running', 'running']);
});

test('a restart that fails counts as a death, and backs off', async () => {
  const { supervisor, children, journal, clock, child } = family(['a']);
  await supervisor.start(children);
  child(0).failsToStart = true;
  child(0).die();
  clock.advance(restartLimits.delayMsMin);
  await settle();
  child(0).failsToStart = false;
  clock.advance(restartLimits.unreadyDelayMsMin * 2 - 1);
  await settle();
  expect(journal).toEqual(['start a', 'start a']);
  clock.advance(1);
  await settle();
  expect(supervisor.stateOf('a')).toBe('running');
});

type Op =
  | { readonly op: 'die' | 'failNext' | 'healNext' | 'replace'; readonly at: number }
  | { readonly op: 'wait'; readonly ms: number };

const ops = fc.array(
  fc.oneof(
    fc.record({ op: fc.constantFrom('die', 'failNext', 'healNext', 'replace'), at: fc.nat(2) }),
    fc.record({ op: fc.constant('wait'), ms: fc.nat(40_000) }),
  ),
  { maxLength: 40 },
) as fc.Arbitrary<Op[]>;

test('whatever happens: never two starts at once, one for one, and after an escalation all is stopped', async () => {
  await fc.assert(
    fc.asyncProperty(ops, async (steps) => {
      const { supervisor, children, clock, escalations, child } = family(['a', 'b', 'c']);
      await supervisor.start(children);
      for (const step of steps) {
        if (step.op === 'wait') clock.advance(step.ms);
        else if (step.op === 'die') {
          if (child(step.at).isUp) child(step.at).die();
        } else if (step.op === 'replace') await supervisor.replace(child(step.at).name);
        else child(step.at).failsToStart = step.op === 'failNext';
        await settle();
        if (escalations.length > 0) break;
        for (const { name, isUp } of children) expect(isUp).toBe(supervisor.stateOf(name) === 'running');
      }
      if (escalations.length > 0) {
        expect(escalations).toHaveLength(1);
        expect(children.map(({ isUp }) => isUp)).toEqual([false, false, false]);
        expect(clock.timers).toBe(0);
      }
    }),
    { numRuns: 150 },
  );
});

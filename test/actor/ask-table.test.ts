/** The ask table against a plain map: any order of asks, answers, deadlines and deaths, also at the id wrap. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AskTable } from '../../src/actor/ask-table.ts';
import { AppError } from '../../src/errors.ts';
import { FakeClock } from './fake-clock.ts';

type Op =
  | { readonly op: 'ask'; readonly timeoutMs: number }
  | { readonly op: 'resolve' | 'reject' | 'finish'; readonly pick: number }
  | { readonly op: 'advance'; readonly ms: number }
  | { readonly op: 'tell' }
  | { readonly op: 'die' };

const pick = fc.nat(30);
const ops = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constant('ask'), timeoutMs: fc.integer({ min: 1, max: 100 }) }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('resolve', 'reject', 'finish'), pick }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('advance'), ms: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('tell') }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('die') }) },
  ),
  { maxLength: 120 },
) as fc.Arbitrary<Op[]>;

interface Entry {
  readonly deadlineMs: number;
  outcome: string;
  expected: string;
}

/** The same table as a map of ids to entries; an open ask is expected to be `pending`. */
class Model {
  readonly open = new Map<number, Entry>();
  readonly all: Entry[] = [];
  readonly clock = new FakeClock();
  readonly table: AskTable<{ kind: string }>;

  constructor(lastId: number) {
    this.table = new AskTable('model', this.clock, lastId);
  }

  apply(step: Op): void {
    if (step.op === 'ask') this.#ask(step.timeoutMs);
    else if (step.op === 'tell') this.#open(this.table.openTell({ kind: 'Tell' }).id, 0, 'none');
    else if (step.op === 'advance') this.#advance(step.ms);
    else if (step.op === 'die') this.#die();
    else this.#settle(step.op, [...this.open.keys()][step.pick % Math.max(1, this.open.size)] ?? 77);
  }

  #ask(timeoutMs: number): void {
    let id = 0;
    const promise = this.table.openAsk({ kind: 'Ask' }, timeoutMs, (letter) => {
      id = letter.id;
    });
    const entry = this.#open(id, this.clock.now() + timeoutMs, 'pending');
    promise.then(
      (value) => record(entry, String(value)),
      (error: AppError) => record(entry, error.code),
    );
  }

  #open(id: number, deadlineMs: number, expected: string): Entry {
    expect(this.open.has(id)).toBe(false);
    expect(id).toBeGreaterThan(0);
    const entry = { deadlineMs, outcome: expected, expected };
    this.open.set(id, entry);
    this.all.push(entry);
    return entry;
  }

  #settle(op: 'resolve' | 'reject' | 'finish', id: number): void {
    const entry = this.open.get(id);
    const isPending = entry?.expected === 'pending';
    const outcomes = { resolve: 'answer', reject: 'conflict', finish: 'timeout' };
    if (entry !== undefined && isPending) entry.expected = outcomes[op];
    this.open.delete(id);
    if (op === 'resolve') expect(this.table.resolve(id, 'answer')).toBe(isPending);
    else if (op === 'reject') expect(this.table.reject(id, new AppError('conflict', ''))).toBe(isPending);
    else expect(this.table.finish(id)).toBe(entry !== undefined);
  }

  #advance(ms: number): void {
    this.clock.advance(ms);
    for (const entry of this.open.values()) {
      if (entry.expected === 'pending' && entry.deadlineMs <= this.clock.now()) entry.expected = 'timeout';
    }
  }

  #die(): void {
    const tells = this.table.failAsks(() => new AppError('actor_restarted', ''));
    for (const [id, entry] of this.open) {
      if (entry.expected === 'pending') entry.expected = 'actor_restarted';
      if (entry.expected !== 'none') this.open.delete(id);
    }
    expect(tells.map(({ id }) => id)).toEqual([...this.open.keys()]);
  }
}

function record(entry: Entry, outcome: string): void {
  entry.outcome = entry.outcome === 'pending' ? outcome : `settled twice: ${entry.outcome}, ${outcome}`;
}

test.each([0, 0x7fff_ffff - 5])(
  'every ask settles once, as a plain map says, ids from %i',
  async (lastId) => {
    await fc.assert(
      fc.asyncProperty(ops, async (steps) => {
        const model = new Model(lastId);
        for (const step of steps) {
          model.apply(step);
          expect(model.table.size).toBe(model.open.size);
        }
        const pending = model.all.filter(({ expected }) => expected === 'pending').length;
        expect(model.table.asksInFlight).toBe(pending);
        await new Promise((resolve) => setImmediate(resolve));
        expect(model.all.map(({ outcome }) => outcome)).toEqual(model.all.map(({ expected }) => expected));
      }),
    );
  },
);

test('one timer serves any number of asks', () => {
  const clock = new FakeClock();
  const table = new AskTable<{ kind: string }>('one', clock);
  for (let index = 0; index < 100; index++)
    table.openAsk({ kind: 'Ask' }, 1000 + index, () => undefined).catch(() => 0);
  expect(clock.timers).toBe(1);
  clock.advance(1050);
  expect([clock.timers, table.timeouts, table.asksInFlight]).toEqual([1, 51, 49]);
});

test('a table grows, and lists what is open by age, also where ids wrap', () => {
  const table = new AskTable<{ kind: string }>('many', new FakeClock(), 0x7fff_ffff - 300);
  const opened = Array.from({ length: 1000 }, () => table.openTell({ kind: 'Tell' }).id);
  const kept = opened.filter((id, at) => at % 3 !== 0 || !table.finish(id));
  const later = Array.from({ length: 1000 }, () => table.openTell({ kind: 'Tell' }).id);
  expect(new Set([...kept, ...later]).size).toBe(kept.length + later.length);
  expect(table.open().map(({ id }) => id)).toEqual([...kept, ...later]);
  for (const id of [...kept, ...later]) expect(table.finish(id)).toBe(true);
  expect([table.size, table.get(1), table.finish(1)]).toEqual([0, undefined, false]);
});

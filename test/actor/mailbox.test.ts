/** The mailbox against a plain array: any sequence of operations, and the watermarks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Mailbox } from '../../src/actor/mailbox.ts';

type Op = { readonly op: 'offer'; readonly item: number } | { readonly op: 'take' };

const ops = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('offer'), item: fc.integer() }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constant('take') }) },
  ),
  { maxLength: 300 },
) as fc.Arbitrary<Op[]>;

function apply(step: Op, mailbox: Mailbox<number>, model: number[]): void {
  const hasRoom = model.length < mailbox.capacity;
  if (step.op === 'take') {
    expect(mailbox.take()).toBe(model.shift());
    return;
  }
  expect(mailbox.offer(step.item)).toBe(hasRoom);
  if (hasRoom) model.push(step.item);
}

test('any sequence of operations behaves as a bounded array', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), ops, (capacity, steps) => {
      const [mailbox, model]: [Mailbox<number>, number[]] = [new Mailbox(capacity), []];
      let deepest = 0;
      for (const step of steps) {
        apply(step, mailbox, model);
        deepest = Math.max(deepest, model.length);
        expect(mailbox.stats()).toMatchObject({ depth: model.length, deepest });
      }
    }),
  );
});

test('is high from 80 % on, until it has fallen to 50 %', () => {
  const mailbox = new Mailbox<number>(10);
  const high: boolean[] = [];
  for (let item = 0; item < 9; item++) high.push(mailbox.offer(item) && mailbox.isHigh);
  expect(high).toEqual([false, false, false, false, false, false, false, true, true]);
  const falling = Array.from({ length: 5 }, () => [mailbox.take(), mailbox.isHigh][1]);
  expect(falling).toEqual([true, true, true, false, false]);
});

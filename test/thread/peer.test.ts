/**
 * Two peers over an in-memory link that delays frames as two ports do: whatever is said by both sides at once
 * arrives whole, in order, and every ask is answered once.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadLetters } from '../../src/actor/dead-letters.ts';
import { Letterbox } from '../../src/actor/letterbox.ts';
import { systemClock } from '../../src/clock.ts';
import { createCodec } from '../../src/thread/codec.ts';
import { splitFromLetters } from '../../src/thread/limits.ts';
import { Peer } from '../../src/thread/peer.ts';
import { quietLog } from './harness.ts';

type Said = { readonly kind: string; readonly number: number; readonly delayTurns: number };

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** One end: tells are kept in order, asks are answered after as many turns as they say. */
class End {
  readonly heard: number[] = [];
  readonly letterbox: Letterbox;
  readonly peer: Peer;
  readonly broken: unknown[] = [];

  constructor(name: string) {
    this.letterbox = new Letterbox({
      name,
      clock: systemClock,
      capacity: 100_000,
      deadLetters: new DeadLetters(systemClock, quietLog),
      post: (letter) => this.peer.post(letter),
    });
    this.peer = new Peer({
      codec: createCodec(),
      letterbox: this.letterbox,
      onLetter: ({ id, deadlineMs, message }) => {
        const { number, delayTurns } = message as Said;
        this.heard.push(number);
        if (deadlineMs === 0) this.peer.finish(id);
        else void turns(delayTurns).then(() => this.peer.reply(id, number * 2));
      },
      onFrameEnd: () => undefined,
      onBroken: (error) => this.broken.push(error),
    });
  }
}

/** Each path keeps its own order; one path may be slower than the other. */
function connect(from: End, to: End, delays: readonly [call: number, answer: number]): void {
  let [calls, answers] = [Promise.resolve(), Promise.resolve()];
  from.peer.attach({
    async send(frame) {
      const bytes = new Uint8Array(frame);
      calls = calls.then(() => turns(delays[0]));
      await calls;
      const answer = await to.peer.deliver(bytes);
      answers = answers.then(() => turns(delays[1]));
      await answers;
      return answer;
    },
    close: () => undefined,
  });
  from.peer.release();
}

const said = fc.record({
  isAsk: fc.boolean(),
  delayTurns: fc.nat(4),
  pauseTurns: fc.constantFrom(0, 0, 0, 1, 3),
});
const delay = fc.tuple(fc.nat(4), fc.nat(4));

async function speak(
  end: End,
  list: readonly { isAsk: boolean; delayTurns: number; pauseTurns: number }[],
): Promise<unknown[]> {
  const answers: Promise<unknown>[] = [];
  for (const [number, { isAsk, delayTurns, pauseTurns }] of list.entries()) {
    const message = { kind: 'Said', number, delayTurns };
    if (isAsk)
      answers.push(end.letterbox.ask(message, { timeoutMs: 20_000 }).then((value) => [number, value]));
    else expect(end.letterbox.tell(message)).toBe('accepted');
    if (pauseTurns > 0) await turns(pauseTurns);
  }
  return Promise.all(answers);
}

test('both sides talk at once over paths of different speed', async () => {
  const talk = fc.array(said, { maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(talk, talk, delay, delay, async (hostSays, guestSays, toGuest, toHost) => {
      const [host, guest] = [new End('guest'), new End('host')];
      connect(host, guest, toGuest);
      connect(guest, host, toHost);
      const spoken = await Promise.all([speak(host, hostSays), speak(guest, guestSays)]);
      for (const pairs of spoken)
        for (const [number, value] of pairs as [number, number][]) expect(value).toBe(number * 2);
      while (host.letterbox.table.size + guest.letterbox.table.size > 0) await turns(1);
      expect(guest.heard).toEqual(hostSays.map((_, number) => number));
      expect(host.heard).toEqual(guestSays.map((_, number) => number));
      expect([...host.broken, ...guest.broken]).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('many letters at once go as two frames, while a frame is on its way as one', async () => {
  const [host, guest] = [new End('guest'), new End('host')];
  connect(host, guest, [1, 1]);
  connect(guest, host, [1, 1]);
  await turns(5);
  const before = host.peer.framesSent;
  const ask = (number: number): Promise<unknown> =>
    host.letterbox.ask({ kind: 'Said', number, delayTurns: 9 } as Said, { timeoutMs: 20_000 });
  const first = Array.from({ length: splitFromLetters }, (_, number) => ask(number));
  await Promise.resolve();
  expect(host.peer.framesSent - before).toBe(2);
  const second = Array.from({ length: splitFromLetters * 2 }, (_, number) => ask(number));
  await Promise.resolve();
  expect(host.peer.framesSent - before).toBe(3);
  const doubled = (length: number): number[] => Array.from({ length }, (_, number) => number * 2);
  expect(await Promise.all(first)).toEqual(doubled(splitFromLetters));
  expect(await Promise.all(second)).toEqual(doubled(splitFromLetters * 2));
});

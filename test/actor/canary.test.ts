/** The canary: sings while probes settle, dies once when one does not. */
import { expect, test } from 'vitest';
import { startCanary } from '../../src/actor/canary.ts';
import { FakeClock } from './fake-clock.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('probes again and again, also after a failure, and tells of a wedge once', async () => {
  const clock = new FakeClock();
  const [probes, wedges, failures]: [number[], number[], unknown[]] = [[], [], []];
  const outcomes: (() => Promise<unknown>)[] = [
    async () => 'sung',
    () => Promise.reject(new Error('refused')),
    () => new Promise<never>(() => undefined),
  ];
  startCanary({
    clock,
    probe: async () => outcomes[probes.push(clock.now()) - 1]?.(),
    limitMs: 100,
    periodMs: 10,
    onWedged: (waitedMs) => wedges.push(waitedMs),
    onFailed: (error) => failures.push(error),
  });
  for (let step = 0; step < 30; step++) {
    clock.advance(10);
    await settle();
  }
  expect([probes.length, failures.length, wedges]).toEqual([3, 1, [100]]);
});

test('a stopped canary probes no more', async () => {
  const clock = new FakeClock();
  let probes = 0;
  const canary = startCanary({
    clock,
    probe: async () => void probes++,
    onWedged: () => expect.unreachable(),
  });
  clock.advance(1);
  await settle();
  canary.stop();
  clock.advance(1_000_000);
  await settle();
  expect([probes, clock.timers]).toEqual([1, 0]);
});

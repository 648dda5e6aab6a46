/** Telling a busy loop from a dead one: the judgement alone, without threads. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstSight, judge, type Liveness, livenessLimits } from '../../src/thread/liveness.ts';

const { heartbeatPeriodMs, silenceLimitMs, lookLateMs } = livenessLimits;

function look(before: Liveness, afterMs: number, signs: number, elu = 0): Liveness {
  return judge(before, { atMs: before.lookedAtMs + afterMs, signs, elu });
}

test('a loop that comes on is alive, or busy when it hardly waits, for however long', () => {
  let seen = firstSight(0, 0);
  for (let signs = 1; signs < 1000; signs++) {
    seen = look(seen, heartbeatPeriodMs, signs, signs % 2);
    expect(seen.verdict).toBe(signs % 2 ? 'busy' : 'alive');
  }
});

test('one without any sign is quiet, then dead at the limit and not before', () => {
  let seen = firstSight(0, 7);
  for (let atMs = heartbeatPeriodMs; atMs < silenceLimitMs; atMs += heartbeatPeriodMs) {
    seen = look(seen, heartbeatPeriodMs, 7, 1);
    expect(seen.verdict).toBe('quiet');
  }
  expect(look(seen, heartbeatPeriodMs, 7, 1).verdict).toBe('dead');
});

test('a host that was itself asleep judges nobody by that time', () => {
  const seen = look(firstSight(0, 7), silenceLimitMs * 10, 7);
  expect(seen.verdict).toBe('alive');
  expect(look(seen, heartbeatPeriodMs, 7).verdict).toBe('quiet');
});

test('dead always means a silence of at least the limit, seen by looks that came in time', () => {
  const looks = fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 8_000 }), isAlive: fc.boolean() }));
  fc.assert(
    fc.property(looks, (list) => {
      let [seen, silentMs, signs] = [firstSight(0, 0), 0, 0];
      for (const { afterMs, isAlive } of list) {
        if (isAlive) signs++;
        silentMs = isAlive || afterMs > heartbeatPeriodMs + lookLateMs ? 0 : silentMs + afterMs;
        seen = look(seen, afterMs, signs);
        expect(seen.verdict === 'dead').toBe(silentMs >= silenceLimitMs);
      }
    }),
  );
});

/** The restart policy as what it is, a pure function: its bounds hold for every history. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideRestart, noRestarts, restartLimits } from '../../src/actor/restart-policy.ts';

const death = fc.record({ gapMs: fc.nat(40_000), wasReady: fc.boolean(), servedMs: fc.nat(60_000) });

test('never grants more than the intensity in any period, and escalates exactly then', () => {
  fc.assert(
    fc.property(fc.array(death, { maxLength: 100 }), (deaths) => {
      let [history, at, granted] = [noRestarts, 0, [] as number[]];
      for (const { gapMs, ...how } of deaths) {
        at += gapMs;
        const recent = granted.filter((time) => time > at - restartLimits.periodMs);
        const decision = decideRestart(history, { at, ...how });
        history = decision.history;
        expect(decision.kind).toBe(recent.length < restartLimits.restartsMax ? 'restart' : 'escalate');
        if (decision.kind === 'restart') granted = [...granted, at];
      }
    }),
  );
});

test('delays stay in their bounds, and are never short for an actor that was not ready', () => {
  fc.assert(
    fc.property(fc.array(death, { minLength: 1, maxLength: 50 }), (deaths) => {
      let [history, at] = [noRestarts, 0];
      for (const { gapMs, ...how } of deaths) {
        at += gapMs;
        const decision = decideRestart(history, { at, ...how });
        history = decision.history;
        if (decision.kind !== 'restart') continue;
        const floorMs = how.wasReady ? restartLimits.delayMsMin : restartLimits.unreadyDelayMsMin;
        expect(decision.afterMs).toBeGreaterThanOrEqual(floorMs);
        expect(decision.afterMs).toBeLessThanOrEqual(restartLimits.delayMsMax);
      }
    }),
  );
});

test('doubles while it keeps dying and starts over after a stable run', () => {
  const limits = { ...restartLimits, restartsMax: 100 };
  let history = noRestarts;
  const delays = [0, 0, 0, limits.stableAfterMs].map((servedMs, index) => {
    const decision = decideRestart(history, { at: index, wasReady: true, servedMs }, limits);
    history = decision.history;
    return decision.kind === 'restart' ? decision.afterMs : -1;
  });
  expect(delays).toEqual([100, 200, 400, 100]);
});

/** A short mixed run with faults; the long one is `test/sandbox/runs/mixed.ts`. */
import { expect, it } from 'vitest';
import { runMixed } from './runs/mixed-run.ts';

/** Faults cost Baileys its own time-outs, and the waits have guards of their own. */
const testMsMax = 120_000;

it(
  'mixed traffic under random faults: every message is acknowledged or still waits',
  async () => {
    const report = await runMixed({
      seed: 'short',
      accounts: 6,
      durationMs: 4_000,
      messagesPerSecond: 20,
      faultEveryMs: 400,
    });
    expect(report.messages).toBeGreaterThan(20);
    expect(report.lost, `seed ${report.seed}`).toEqual([]);
    expect(report.overAcknowledged, `seed ${report.seed}`).toEqual([]);
    expect(report.waiting).toBe(0);
  },
  testMsMax,
);

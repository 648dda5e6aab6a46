/** The alert policy and its board on invented facts: every alert of the requirements fires, and clears. */
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { AlertBoard, type AlertNews } from '../../src/directory/alert-board.ts';
import { type AlertFacts, clearForMs } from '../../src/directory/alerts.ts';
import { createLog } from '../../src/log.ts';
import type { AlertName } from '../../src/protocol/operations.ts';

const calm: AlertFacts = {
  ...{ memoryPercent: 40, memoryOf: 'the process', cpuPercent: 20, responseP95Ms: 100 },
  ...{ disconnected: 0, webhookPending: 0, backupError: null },
};
const minute = 60_000;

let now: number;
let facts: AlertFacts;
let posted: AlertNews[];
let failing: number;
let board: AlertBoard;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  facts = calm;
  posted = [];
  failing = 0;
  const clock = {
    ...systemClock,
    now: () => now,
    after: (_: number, work: () => void) => {
      queueMicrotask(work);
      return { cancel: () => undefined };
    },
  };
  board = new AlertBoard({
    settings: loadConfig({ ALERT_WEBHOOK: 'https://chat.example.com/hook' }).alerts,
    ...{ clock, log: createLog('silent') },
    facts: async () => facts,
    async post(_url, news) {
      if (failing-- > 0) throw new Error('no answer');
      posted.push(news);
    },
  });
});

async function pass(ms: number, every = 15_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += every) {
    now += every;
    await board.check();
  }
}

const names = (): AlertName[] => board.firing.map(({ name }) => name);
const told = (): string[] => posted.map(({ type, alert }) => `${type} ${alert.name}`);

/** The requirement, just below and above it, and for how long. */
const required: [AlertName, Partial<AlertFacts>, Partial<AlertFacts>, number][] = [
  ['memory_high', { memoryPercent: 85 }, { memoryPercent: 86 }, minute],
  ['cpu_high', { cpuPercent: 90 }, { cpuPercent: 91 }, 5 * minute],
  ['response_slow', { responseP95Ms: 5_000 }, { responseP95Ms: 5_001 }, 0],
  ['instances_disconnected', { disconnected: 10 }, { disconnected: 11 }, minute],
  ['webhook_queue_long', { webhookPending: 1_000 }, { webhookPending: 1_001 }, 0],
];

describe.each(required)('%s', (name, below, above, forMs) => {
  it('fires above its threshold, after its time, and says since when', async () => {
    facts = { ...calm, ...below };
    await pass(10 * minute);
    expect(names()).toEqual([]);
    facts = { ...calm, ...above };
    await pass(forMs);
    if (forMs > 0) expect(names()).toEqual([]);
    await pass(15_000);
    expect(names()).toEqual([name]);
    expect(board.firing[0]?.since).toBe(now);
    await pass(10 * minute);
    expect(told()).toEqual([`alert.firing ${name}`]);
  });

  it('clears when it has been well below for a minute, not on the edge', async () => {
    facts = { ...calm, ...above };
    await pass(forMs + 15_000);
    facts = { ...calm, ...below };
    await pass(10 * minute);
    expect(names()).toEqual([name]);
    facts = calm;
    await pass(clearForMs);
    expect(names()).toEqual([name]);
    await pass(15_000);
    expect(names()).toEqual([]);
    expect(told()).toEqual([`alert.firing ${name}`, `alert.cleared ${name}`]);
  });
});

describe('the board', () => {
  it('forgets a peak that did not last', async () => {
    for (let round = 0; round < 5; round++) {
      facts = { ...calm, cpuPercent: 99 };
      await pass(4 * minute);
      facts = calm;
      await pass(15_000);
    }
    expect(names()).toEqual([]);
  });

  it('changes nothing by what it does not know', async () => {
    facts = { ...calm, webhookPending: 5_000 };
    await pass(15_000);
    facts = { ...calm, webhookPending: null };
    await pass(10 * minute);
    expect(names()).toEqual(['webhook_queue_long']);
  });

  it('tells of a failed backup and names the cause', async () => {
    facts = { ...calm, backupError: 'no space left on device' };
    await pass(15_000);
    expect(board.firing[0]).toMatchObject({
      name: 'backup_failed',
      message: expect.stringContaining('no space'),
    });
  });

  it('shows the longest first, with the last value', async () => {
    facts = { ...calm, webhookPending: 2_000 };
    await pass(15_000);
    facts = { ...calm, webhookPending: 3_000, responseP95Ms: 9_000 };
    await pass(15_000);
    expect(names()).toEqual(['webhook_queue_long', 'response_slow']);
    expect(board.firing[0]).toMatchObject({ value: 3_000, threshold: 1_000, unit: 'events' });
  });

  it('tries again when the alert webhook does not answer', async () => {
    failing = 2;
    facts = { ...calm, webhookPending: 2_000 };
    await pass(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told()).toEqual(['alert.firing webhook_queue_long']);
  });
});

/** The running gateway seen by its operator: metrics, caches, garbage, and every alert of S9 provoked for real. */
import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { AlertBoard, type AlertNews } from '../../src/directory/alert-board.ts';
import { createLog } from '../../src/log.ts';
import type { AlertName } from '../../src/protocol/operations.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';

const contact = '5511987654321';
const minute = 60_000;
let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  await stage.openInstance('watched');
});
afterAll(() => stage.stop());

const operations = () => stage.gateway.operations.operations;
const say = (text: string): Promise<{ status: number }> =>
  stage.call('POST', '/v1/instances/watched/messages', { to: contact, type: 'text', text });

describe('metrics as JSON', () => {
  it('cover the system, every thread, instances, caches and webhooks', async () => {
    expect((await say('counted')).status).toBe(201);
    await stage.hook.next(({ event }) => event.type === 'message.received', 'the echo');
    await stage.call('POST', '/v1/instances/watched/numbers/check', { numbers: [contact] });
    await stage.call('GET', '/v1/instances');
    const metrics = await operations().metrics();
    expect(metrics.threads.map(({ thread }) => thread).toSorted()).toEqual([
      'main',
      'shard-0',
      'shard-1',
      'webhook',
    ]);
    expect(metrics.instances).toMatchObject({ total: 1, byState: { open: 1 }, connectedShare: 1 });
    expect(metrics.memory.usedShare).toBeGreaterThan(0);
    expect(metrics.memory.anonymousBytes).toBeLessThanOrEqual(metrics.memory.residentBytes);
    expect(metrics.http.requests).toBeGreaterThanOrEqual(3);
    expect(metrics.messages).toMatchObject({ received: 1, sent: 1, refused: 0 });
    expect(metrics.webhooks.delivered).toBeGreaterThan(0);
    expect(metrics.webhooks.successRate).toBe(1);
    expect(metrics.caches.numbers.hits + metrics.caches.numbers.misses).toBeGreaterThan(0);
  });

  it('of every instance', () => {
    expect(operations().instanceMetrics()).toEqual([
      expect.objectContaining({ id: 'watched', state: 'open', reconnects: 0, lastError: null }),
    ]);
    expect(operations().instanceMetrics()[0]?.openForMs).toBeGreaterThanOrEqual(0);
  });

  it('caches are cleared, garbage is collected by thread', async () => {
    const cleared = await operations().clearCaches(['numbers', 'devices', 'groups', 'qr'], null);
    expect(cleared['numbers']).toBeGreaterThan(0);
    expect(cleared['devices']).toBeGreaterThan(0);
    const { numbers, devices } = (await operations().metrics()).caches;
    expect([numbers.entries, devices.entries]).toEqual([0, 0]);
    expect(devices.misses).toBeGreaterThan(0);
    const threads = (await operations().collectGarbage()).map(({ thread }) => thread);
    expect(threads).toEqual(['main', 'webhooks', 'shard-0', 'shard-1']);
  });
});

describe('heap snapshots', () => {
  it('of every kind of thread lie in the data folder, for the owner alone', async () => {
    for (const thread of ['main', 'webhooks', 'shard-1']) {
      const made = await stage.call('POST', '/monitoring/heap-snapshot', { thread });
      expect(made).toMatchObject({ status: 201, body: { thread } });
      const { size, mode } = await stat(made.body.file);
      expect(mode & 0o777).toBe(0o600);
      expect(size).toBe(made.body.bytes);
      expect((await readFile(made.body.file, 'utf8')).slice(0, 12)).toBe('{"snapshot":');
    }
    const none = await stage.call('POST', '/monitoring/heap-snapshot', { thread: 'shard-9' });
    expect(none).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await say('still there')).status).toBe(201);
  });
});

describe('CPU profiles', () => {
  it('of every kind of thread lie beside them, one at a time', async () => {
    for (const thread of ['main', 'webhooks', 'shard-1']) {
      const making = stage.call('POST', '/monitoring/cpu-profile', { thread, seconds: 1 });
      const second = await stage.call('POST', '/monitoring/cpu-profile', { thread, seconds: 1 });
      const made = [await making, second].toSorted((a, b) => a.status - b.status);
      expect(made.map(({ status }) => status)).toEqual([201, 409]);
      const { file } = made[0]?.body ?? {};
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const profile = JSON.parse(await readFile(file, 'utf8'));
      expect(profile.endTime - profile.startTime).toBeGreaterThan(900_000);
      expect(profile.nodes.length).toBeGreaterThan(1);
      expect(profile.samples.length).toBeGreaterThan(0);
    }
    const long = await stage.call('POST', '/monitoring/cpu-profile', { thread: 'main', seconds: 61 });
    expect(long).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect((await say('still there')).status).toBe(201);
  });
});

/** A board over the real facts, whose minutes pass at once. */
function boardWith(env: Record<string, string>): {
  board: AlertBoard;
  news: AlertNews[];
  pass(): Promise<void>;
} {
  let now = systemClock.now();
  const news: AlertNews[] = [];
  const board = new AlertBoard({
    settings: loadConfig({ ALERT_WEBHOOK: 'http://127.0.0.1:9/', ...env }).alerts,
    clock: { ...systemClock, now: () => now },
    log: createLog('silent'),
    facts: () => operations().alertFacts(),
    post: async (_, one) => void news.push(one),
  });
  const pass = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await board.check();
      now += minute;
    }
  };
  return { board, news, pass };
}

describe('alerts', () => {
  const names = (board: AlertBoard): AlertName[] => board.firing.map(({ name }) => name);

  it('none fires in peace', async () => {
    const { board, pass } = boardWith({});
    await pass();
    expect(names(board)).toEqual([]);
  });

  it('memory, CPU and response time fire above their thresholds', async () => {
    const low = {
      ALERT_MEMORY_PERCENT: '1',
      ALERT_CPU_PERCENT: '1',
      ALERT_CPU_FOR_MS: '0',
      ALERT_RESPONSE_MS: '1',
    };
    const { board, pass } = boardWith(low);
    await board.check();
    await Promise.all(Array.from({ length: 10 }, (_, at) => say(`slow ${at}`)));
    await pass();
    expect(names(board).toSorted()).toEqual(['cpu_high', 'memory_high', 'response_slow']);
  });

  // Events of the sends above were counted as the queue, and gone again when the board looked: an instance that
  // has not delivered anything yet has none.
  it('a webhook queue fires while an endpoint is down and clears when it is drained', async () => {
    const { board, news, pass } = boardWith({ ALERT_WEBHOOK_PENDING_MAX: '5' });
    stage.hook.status = 503;
    const stuck = await stage.openInstance('stuck');
    for (let at = 0; at < 10; at++) await stage.sandbox.sendFrom(contact, stuck.phone, `waits ${at}`);
    await untilTrue(async () => (await pendingOf('stuck')) >= 10);
    await pass();
    expect(names(board)).toEqual(['webhook_queue_long']);
    stage.hook.status = 200;
    await untilTrue(async () => (await operations().metrics()).webhooks.pending === 0);
    await pass();
    expect(names(board)).toEqual([]);
    expect(news.map(({ type }) => type)).toEqual(['alert.firing', 'alert.cleared']);
  });

  it('disconnected instances fire while WhatsApp is away', async () => {
    const { board, pass } = boardWith({ ALERT_DISCONNECTED_MAX: '0' });
    await stage.sandbox.stop();
    await stage.untilState('watched', 'reconnecting');
    await pass();
    expect(names(board)).toContain('instances_disconnected');
  });
});

/** As the Prometheus page says it. */
async function pendingOf(webhook: string): Promise<number> {
  const page: string = (await stage.call('GET', '/metrics')).body;
  const line = new RegExp(`^elenco_webhook_pending\\{[^}]*webhook="${webhook}"[^}]*\\} (\\d+)$`, 'm');
  return Number(line.exec(page)?.[1] ?? 0);
}

async function untilTrue(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 20));
}

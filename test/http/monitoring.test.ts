/** The operator's routes: what they answer, and that an instance's token gets none of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFront, type TestFront } from './support/start.ts';

let front: TestFront;
beforeAll(async () => {
  front = await startTestFront();
});
afterAll(() => front[Symbol.asyncDispose]());

const since = '1970-01-01T00:00:01.000Z';

describe('monitoring', () => {
  it('metrics of the system and of every instance', async () => {
    const system = await front.ask('GET', '/monitoring/metrics');
    expect(system.status).toBe(200);
    expect(system.body).toMatchObject({ at: '1970-01-01T00:00:00.000Z', threads: [{ thread: 'main' }] });
    const instances = await front.ask('GET', '/monitoring/instances/metrics');
    expect(instances.body).toMatchObject({ items: [{ id: 'one', state: 'open', openForMs: 5 }], next: null });
  });

  it('alerts that fire, since when', async () => {
    expect((await front.ask('GET', '/monitoring/alerts')).body).toEqual({ items: [], next: null });
    const alert = { name: 'cpu_high', severity: 'critical', value: 97, threshold: 90, unit: '%' } as const;
    front.operations.firing = [{ ...alert, since: 1_000, message: '97 % of the CPU is in use' }];
    const { body } = await front.ask('GET', '/monitoring/alerts');
    expect(body).toMatchObject({ items: [{ ...alert, since }] });
  });

  it('clears all caches, or those named, or those of one instance', async () => {
    const cleared = await front.ask('POST', '/monitoring/cache/clear', { body: {} });
    expect(cleared.body).toEqual({ cleared: { numbers: 7, devices: 7, groups: 7, qr: 7 } });
    await front.ask('POST', '/monitoring/cache/clear', { body: { caches: ['numbers'], instance: 'one' } });
    expect(front.operations.cleared).toEqual([
      { caches: ['numbers', 'devices', 'groups', 'qr'], instance: null },
      { caches: ['numbers'], instance: 'one' },
    ]);
    const wrong = await front.ask('POST', '/monitoring/cache/clear', { body: { caches: ['everything'] } });
    expect(wrong.status).toBe(400);
  });

  it('collects garbage and changes the log level', async () => {
    const { body } = await front.ask('POST', '/monitoring/gc');
    expect(body).toEqual({ threads: [{ thread: 'main', heapBytesBefore: 10, heapBytesAfter: 5 }] });
    await front.ask('PUT', '/monitoring/log-level', { body: { level: 'debug' } });
    expect(front.operations.level).toBe('debug');
    expect((await front.ask('PUT', '/monitoring/log-level', { body: { level: 'loud' } })).status).toBe(400);
  });

  it('is for the admin key alone', async () => {
    const made = await front.ask('POST', '/v1/instances', { body: { id: 'mine' } });
    const token = String(made.body['token']);
    for (const [method, path] of [
      ['GET', '/monitoring/metrics'],
      ['GET', '/monitoring/alerts'],
      ['POST', '/monitoring/gc'],
    ] as const) {
      expect((await front.ask(method, path, { key: token })).status).toBe(403);
      expect((await front.ask(method, path, { key: null })).status).toBe(401);
    }
  });
});

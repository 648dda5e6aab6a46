/** The caches of a whole gateway: what is asked once, what the metrics say of it, clearing, and what a start remembers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
const ann = '5511987658001';
const messages = '/v1/instances/sales/messages';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('sales'));
  stage.sandbox.contact(ann);
});
afterAll(() => stage.stop());

/** The sum over all threads. */
async function metric(name: string): Promise<number> {
  const { body } = await stage.call('GET', '/metrics');
  const lines = String(body)
    .split('\n')
    .filter((line) => line.startsWith(`elenco_${name}{`));
  expect(lines.length, name).toBeGreaterThan(0);
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function counts(cache: string): Promise<{ hits: number; misses: number; entries: number }> {
  return {
    hits: await metric(`${cache}_cache_hits_total`),
    misses: await metric(`${cache}_cache_misses_total`),
    entries: await metric(`${cache}_cache_entries`),
  };
}

const send = async (to: string): Promise<void> =>
  expect(await stage.call('POST', messages, { to, type: 'text', text: 'x' })).toMatchObject({ status: 201 });

it('asks WhatsApp once for a number, also for one that is not there, and counts it', async () => {
  const before = await counts('number');
  const check = () =>
    stage.call('POST', '/v1/instances/sales/numbers/check', { numbers: [ann, '5511987650000'] });
  expect((await check()).body.results).toMatchObject([
    { exists: true, cached: false },
    { exists: false, cached: false },
  ]);
  expect((await check()).body.results).toMatchObject([
    { exists: true, cached: true },
    { exists: false, cached: true },
  ]);
  const after = await counts('number');
  expect([after.hits - before.hits, after.misses - before.misses, after.entries - before.entries]).toEqual([
    2, 2, 2,
  ]);
});

it('keeps devices and groups, counts them, and clears what is named', async () => {
  const group = await stage.sandbox.contact(ann).createGroup('Team', [phone]);
  for (const to of [ann, ann, group, group]) await send(to);
  const [devices, groups] = [await counts('device'), await counts('group')];
  expect(Math.min(devices.hits, devices.entries, groups.hits, groups.entries)).toBeGreaterThan(0);

  const named = await stage.call('POST', '/monitoring/cache/clear', { caches: ['devices', 'groups'] });
  expect(named.body.cleared).toEqual({ devices: devices.entries, groups: groups.entries });
  expect([(await counts('device')).entries, (await counts('group')).entries]).toEqual([0, 0]);
  expect((await counts('number')).entries).toBeGreaterThan(0);
  const all = await stage.call('POST', '/monitoring/cache/clear', {});
  expect(all.body.cleared).toMatchObject({ numbers: expect.any(Number), qr: expect.any(Number) });
  expect((await counts('number')).entries).toBe(0);
});

it('knows devices after a restart, and its health says how far the opening is', async () => {
  await send(ann);
  await stage.stopGateway();
  await stage.startGateway();
  await stage.untilState('sales', 'open');
  const health = await stage.call('GET', '/monitoring/health');
  expect(health.body.checks.instances).toEqual({ ok: true, detail: '1 of 1 open' });
  const before = await counts('device');
  await send(ann);
  const after = await counts('device');
  expect([after.misses - before.misses, after.hits > before.hits]).toEqual([0, true]);
});

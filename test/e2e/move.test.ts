/** Moving an instance and replacing every shard thread under traffic: the process stays, nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_INSTANCES: 'off' });
});
afterAll(() => stage.stop());

const contact = '5511955558001';

/** A contact writes and REST sends, all the time, until `work` is over; everything must have arrived. */
async function underTraffic(members: Map<string, string>, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const written: string[] = [];
  const statuses: number[] = [];
  const traffic = [...members].map(async ([id, phone]) => {
    for (let round = 0; !isOver || round < 5; round++) {
      const text = `${id} ${round} ${written.length}`;
      await stage.sandbox.sendFrom(contact, phone, text);
      written.push(text);
      const body = { to: contact, type: 'text', text };
      const key = { 'idempotency-key': text };
      let answer = await stage.call('POST', `/v1/instances/${id}/messages`, body, key);
      while (answer.status === 503)
        answer = await stage.call('POST', `/v1/instances/${id}/messages`, body, key);
      statuses.push(answer.status);
    }
  });
  await work();
  isOver = true;
  await Promise.all(traffic);
  expect(statuses.filter((status) => status !== 201)).toEqual([]);
  const got = () => new Set(stage.hook.of('message.received').map(({ data }) => data.text as string));
  await stage.hook.until(() => written.every((text) => got().has(text)), 'every message of the contact');
  const texts = stage.hook.of('message.received').map(({ id, data }) => `${data.id} ${id}`);
  expect(new Set(texts).size).toBe(new Set(texts.map((text) => text.split(' ')[0])).size);
}

describe('under traffic', () => {
  it('an instance moves to another shard and back', async () => {
    const { phone } = await stage.openInstance('mover');
    const home = stage.gateway.commands.getInstance('mover')?.config.shard ?? 0;
    await underTraffic(new Map([['mover', phone]]), async () => {
      for (const shard of [1 - home, home]) {
        const moved = await stage.call('POST', '/v1/instances/mover/move', { shard });
        expect(moved).toMatchObject({ status: 202, body: { shard } });
        await stage.untilState('mover', 'open');
      }
    });
    expect(await stage.call('POST', '/v1/instances/mover/move', { shard: 9 })).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });

  it('all shards are replaced by fresh threads, one at a time', async () => {
    const members = new Map<string, string>();
    for (const id of ['r0', 'r1', 'r2', 'r3']) members.set(id, (await stage.openInstance(id)).phone);
    const threadsBefore = await stage.gateway.actors.stats();
    await underTraffic(members, async () => {
      await stage.gateway.actors.replaceShards();
      await stage.until(
        () =>
          [...members.keys()].every((id) => stage.gateway.commands.getInstance(id)?.status.state === 'open'),
        'all open on the fresh threads',
      );
    });
    const threadsAfter = await stage.gateway.actors.stats();
    for (const name of ['shard-0', 'shard-1'])
      expect(threadsAfter[name]?.['starts']).toBe(Number(threadsBefore[name]?.['starts']) + 1);
  });
});

/** Instances on different shards, and what a dead shard means for its own and for the others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_INSTANCES: 'off' });
});
afterAll(() => stage.stop());

const shardOf = (id: string): number => stage.gateway.commands.getInstance(id)?.config.shard ?? -1;

describe('two instances on different shards', () => {
  it('exchange 200 messages each way, every one decrypted and delivered once', async () => {
    const [a, b] = [await stage.openInstance('left'), await stage.openInstance('right')];
    expect(new Set([shardOf('left'), shardOf('right')]).size).toBe(2);
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const send = (from: string, to: string, index: number) =>
      stage.call('POST', `/v1/instances/${from}/messages`, { to, type: 'text', text: `${from} ${index}` });
    const answers = await Promise.all(
      numbers.flatMap((index) => [send('left', b.phone, index), send('right', a.phone, index)]),
    );
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    const texts = (to: string) =>
      stage.hook
        .of('message.received')
        .filter(({ instance }) => instance === to)
        .map(({ data }) => data.text as string);
    await stage.hook.until(
      () => new Set(texts('left')).size >= 200 && new Set(texts('right')).size >= 200,
      '200 messages each way',
    );
    const expected = (from: string) => numbers.map((index) => `${from} ${index}`).sort();
    expect(texts('left').sort()).toEqual(expected('right'));
    expect(texts('right').sort()).toEqual(expected('left'));
  });
});

describe('a shard that dies', () => {
  it('comes back with its instances open, the others lose nothing, and the process lives', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const phones = new Map<string, string>();
    for (const id of ids) phones.set(id, (await stage.openInstance(id)).phone);
    const dead = ids.filter((id) => shardOf(id) === 0);
    const living = ids.filter((id) => shardOf(id) === 1);
    expect(dead.length).toBeGreaterThan(5);
    expect(living.length).toBeGreaterThan(5);

    const written: string[] = [];
    const write = async (id: string, text: string): Promise<void> => {
      await stage.sandbox.sendFrom('5511955554444', phones.get(id) ?? '', text);
      written.push(text);
    };
    for (const id of ids) await write(id, `before ${id}`);
    const killedAt = Date.now();
    await Promise.all([
      stage.gateway.actors.shards[0]?.crash(),
      ...living.flatMap((id) => [0, 1, 2].map((round) => write(id, `during ${round} ${id}`))),
    ]);
    for (const id of dead) await write(id, `while down ${id}`);
    await stage.until(
      () => ids.every((id) => stage.gateway.commands.getInstance(id)?.status.state === 'open'),
      'all open again',
    );
    console.log(`dead shard: its ${dead.length} instances are open again after ${Date.now() - killedAt} ms`);

    const got = () => new Set(stage.hook.of('message.received').map(({ data }) => data.text as string));
    await stage.hook.until(() => written.every((text) => got().has(text)), 'every message of the contacts');
    const sent = await stage.call('POST', `/v1/instances/${dead[0]}/messages`, {
      to: '5511955554444',
      type: 'text',
      text: 'after',
    });
    expect(sent.status).toBe(201);
    for (const id of living) expect(stage.gateway.commands.getInstance(id)?.status.reconnects).toBe(0);
  });
});

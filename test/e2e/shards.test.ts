/** Instances on different shards, and what a dead shard means for its own and for the others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_INSTANCES: 'off' });
});
afterAll(() => stage.stop());

const shardOf = (id: string): number => stage.gateway.commands.getInstance(id)?.config.shard ?? -1;

/** Sends `count` texts each way at the same moment; resolves when every one has arrived, and checks them. */
async function exchange(pair: readonly [Peer, Peer], count: number, limitMs: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const send = (from: Peer, to: Peer, index: number) =>
    stage.call('POST', `/v1/instances/${from.id}/messages`, {
      to: to.phone,
      type: 'text',
      text: `${from.id} ${index}`,
    });
  const [a, b] = pair;
  const answers = await Promise.all(numbers.flatMap((index) => [send(a, b, index), send(b, a, index)]));
  expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
  const texts = ({ id }: Peer) =>
    stage.hook
      .of('message.received')
      .filter(({ instance }) => instance === id)
      .map(({ data }) => data.text as string);
  const isWhole = () => pair.every((peer) => new Set(texts(peer)).size >= count);
  await stage.hook.until(isWhole, `${count} messages each way`, limitMs);
  const expected = ({ id }: Peer) => numbers.map((index) => `${id} ${index}`).toSorted();
  expect(texts(a).toSorted()).toEqual(expected(b));
  expect(texts(b).toSorted()).toEqual(expected(a));
}

interface Peer {
  readonly id: string;
  readonly phone: string;
}

async function peers(...ids: readonly [string, string]): Promise<readonly [Peer, Peer]> {
  const [a, b] = [await stage.openInstance(ids[0]), await stage.openInstance(ids[1])];
  expect(shardOf(ids[0])).not.toBe(shardOf(ids[1]));
  return [
    { id: ids[0], phone: a.phone },
    { id: ids[1], phone: b.phone },
  ];
}

describe('two instances on different shards', () => {
  it('exchange 200 messages each way, every one decrypted and delivered once', async () => {
    const pair = await peers('left', 'right');
    const hello = { to: pair[1].phone, type: 'text', text: 'hello' };
    expect((await stage.call('POST', '/v1/instances/left/messages', hello)).status).toBe(201);
    await stage.hook.next(({ event }) => event.data?.text === 'hello', 'the first message');
    stage.hook.deliveries.length = 0;
    await exchange(pair, 200, 30_000);
  });

  // Both sides begin at the same moment: sessions cross, some messages go through the retry cycle, which Baileys
  // paces, and every one still arrives once.
  it('begin to write to each other at the same moment', async () => {
    await exchange(await peers('ebb', 'flow'), 50, 90_000);
  }, 120_000);
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

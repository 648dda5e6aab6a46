/** An instance whose events nobody takes is disconnected, WhatsApp keeps the rest, and nothing is lost. */
import { expect, it, onTestFinished } from 'vitest';
import { startStage } from './support/stage.ts';

it('holds an instance whose backlog is full and opens it when it drains', async () => {
  const stage = await startStage({ OUTBOX_MAX_PER_INSTANCE: '20' });
  onTestFinished(() => stage.stop());
  const { phone } = await stage.openInstance('shop');
  stage.hook.status = 500;
  const contacts = Array.from({ length: 8 }, (_, index) => `551197000${8_001 + index}`);
  const ids: string[] = [];
  const write = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++)
      for (const contact of contacts)
        ids.push(await stage.sandbox.sendFrom(contact, phone, `n ${ids.length}`));
  };
  await write(4);
  const error = () => stage.gateway.commands.getInstance('shop')?.status.lastError?.code;
  await stage.until(() => error() === 'outbox_full', 'it is held');
  await write(3);
  const shown = await stage.call('GET', '/v1/instances/shop');
  expect(shown.body).toMatchObject({ state: 'reconnecting', lastError: { code: 'outbox_full' } });
  expect((await stage.call('POST', '/v1/instances/shop/connect')).body).toMatchObject({
    state: 'reconnecting',
  });
  stage.hook.status = 200;
  await stage.untilState('shop', 'open');
  const arrived = () => new Set(stage.hook.of('message.received').map(({ data }) => data.id));
  await stage.hook.until(() => ids.every((id) => arrived().has(id)), 'everything arrives');
  for (const contact of contacts) {
    const order = stage.hook.of('message.received').filter(({ data }) => data.chat.pn?.startsWith(contact));
    const numbers = order.map(({ data }) => Number(data.text.slice(2)));
    expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
  }
});

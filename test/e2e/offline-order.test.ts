/** What waited while the gateway was down comes before what is written while it logs in. */
import { expect, it, onTestFinished } from 'vitest';
import { startStage } from './support/stage.ts';

// Baileys queued offline messages apart, and live messages of the same chat overtook them.
it('keeps the order of a chat across the offline queue', { timeout: 90_000 }, async () => {
  const stage = await startStage();
  onTestFinished(() => stage.stop());
  const { phone } = await stage.openInstance('shop');
  const contact = '5511970008001';
  let written = 0;
  const write = async (): Promise<void> => {
    written += 1;
    await stage.sandbox.sendFrom(contact, phone, `n ${written}`);
  };
  await write();
  await stage.hook.until(() => stage.hook.of('message.received').length === 1, 'the first');
  for (let round = 0; round < 2; round++) {
    await stage.stopGateway();
    for (let count = 0; count < 60; count++) await write();
    let isOpen = false;
    const writing = (async () => {
      while (!isOpen) {
        await write();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (let count = 0; count < 20; count++) await write();
    })();
    await stage.startGateway();
    await stage.untilState('shop', 'open');
    isOpen = true;
    await writing;
    const numbers = () => stage.hook.of('message.received').map(({ data }) => Number(data.text.slice(2)));
    await stage.hook.until(() => new Set(numbers()).size === written, 'everything');
    const order = [...new Set(numbers())];
    expect(order).toEqual(order.toSorted((x, y) => x - y));
    const offline = stage.hook.of('message.received').filter(({ data }) => data.offline);
    expect(offline.length).toBeGreaterThanOrEqual(60);
  }
});

/** Deliveries are verified by the `standardwebhooks` package, as receivers do it; tampered ones are not. */
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { type Received, startReceiver } from './receiver.ts';
import { makeRig } from './rig.ts';
import { secret, webhookTo } from './webhook-config.ts';

const otherSecret = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
const verify = (key: string, { text, headers }: Received): unknown =>
  new Webhook(key).verify(text, headers as Record<string, string>);

it('signs so that Standard Webhooks accepts it and rejects every change', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.start();
  await rig.configure('shop', webhookTo(receiver.url, { headers: { 'Webhook-Signature': 'v1,forged' } }));
  await rig.emit(1);
  await receiver.count(1);
  const [received] = receiver.received;
  if (!received) throw new Error('nothing came');
  expect(verify(secret, received)).toMatchObject({ id: 'event-1', instance: 'shop' });
  expect(() => verify(otherSecret, received)).toThrow();
  expect(() => verify(secret, { ...received, text: received.text.replace('shop', 'shoq') })).toThrow();
  const headers = { ...received.headers, 'webhook-id': 'event-2' };
  expect(() => verify(secret, { ...received, headers })).toThrow();
  expect(() => verify(secret, { ...received, headers: { ...headers, 'webhook-timestamp': '1' } })).toThrow();
});

it('signs with both secrets while the old one holds, and with the new one alone afterwards', async () => {
  const receiver = await startReceiver();
  const rig = await makeRig();
  await rig.start();
  const rotating = (untilMs: number) => ({ previousSecret: otherSecret, previousSecretUntil: untilMs });
  await rig.configure('shop', webhookTo(receiver.url, rotating(rig.clock.now() + 60_000)));
  await rig.emit(1);
  await receiver.count(1);
  await rig.configure('shop', webhookTo(receiver.url, rotating(rig.clock.now() - 1)));
  await rig.emit(1);
  await receiver.count(2);
  const [during, after] = receiver.received;
  if (!during || !after) throw new Error('too little came');
  expect(verify(secret, during)).toBeTruthy();
  expect(verify(otherSecret, during)).toBeTruthy();
  expect(String(during.headers['webhook-signature']).split(' ').length).toBe(2);
  expect(verify(secret, after)).toBeTruthy();
  expect(() => verify(otherSecret, after)).toThrow();
});

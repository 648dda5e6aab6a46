/**
 * A virtual device could not decrypt: it asks the sender to encrypt again (retry receipt). Called by
 * contacts and phones; bounded per message. Keys are left to the sender's own fetch.
 */
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import { limits } from '../limits.ts';
import type { SignalDevice } from '../signal/device.ts';
import { node, uintBytes } from '../wire/node.ts';
import type { World } from '../world.ts';

export function askRetry(
  world: World,
  device: SignalDevice,
  retries: Map<string, number>,
  sender: Companion,
  failed: {
    readonly id: string;
    readonly from: string;
    readonly recipient?: string;
    readonly participant?: string;
  },
): void {
  const count = (retries.get(failed.id) ?? 0) + 1;
  if (count > limits.retryCountMax) return;
  retries.set(failed.id, count);
  world.counters.add('retriesOut', sender.account.phone);
  const t = world.nowSeconds();
  const retry = node('retry', { count: String(count), id: failed.id, t, v: '1' });
  const registration = node('registration', {}, uintBytes(device.keys.registrationId, 4));
  deliver(world, sender, node('receipt', { ...failed, type: 'retry', t }, [retry, registration]));
}

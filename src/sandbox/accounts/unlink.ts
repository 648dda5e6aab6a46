/**
 * Removes a companion from its account: by its own logout, or because the phone unlinked it. Its noise
 * key is unknown from then on, so a later login gets 401.
 */
import { node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Companion } from './companion.ts';
import { noticeDevice } from './device-notice.ts';

export const deviceRemoved = node('stream:error', { code: '401' }, [
  node('conflict', { type: 'device_removed' }),
]);

export function unlink(world: World, companion: Companion): void {
  world.accounts.remove(companion);
  for (const { record } of companion.queue.clear()) if (record) record.state = 'dropped';
  noticeDevice(world, companion, 'remove');
  world.changed();
  world.log.info({ account: companion.account.phone, device: companion.device }, 'unlinked');
}

/** The phone's owner removes the device: it is told and disconnected. */
export function unlinkFromPhone(world: World, companion: Companion): void {
  const { link } = companion;
  unlink(world, companion);
  link?.send(deviceRemoved);
  link?.end();
}

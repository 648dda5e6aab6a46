/**
 * Tells those who looked an account up that its linked devices changed, so that they encrypt for the new
 * list. Called by pairing and unlinking.
 */
import { node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Companion } from './companion.ts';
import { deliverToAll } from './delivery.ts';

export function noticeDevice(world: World, companion: Companion, change: 'add' | 'remove'): void {
  const { account, device } = companion;
  const attrs = { from: account.pn, lid: account.lidJid, type: 'devices', t: world.nowSeconds() };
  const devices = [node('device', { jid: companion.pn, lid: companion.lid, 'key-index': String(device) })];
  for (const phone of new Set([...account.watchers, account.phone])) {
    const watcher = world.accounts.find(phone);
    if (!watcher) continue;
    const notice = node('notification', { ...attrs, id: world.stanzaId('N') }, [
      node(change, { device_hash: '2:sandbox' }, devices),
    ]);
    deliverToAll(world, watcher.companions.values(), notice, companion);
  }
}

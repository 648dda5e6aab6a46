/**
 * Tells a companion that few of its one-time prekeys are left on the server. Called whenever one was
 * handed out; at most one notice is outstanding.
 */
import { limits } from '../limits.ts';
import { serverJid } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Companion } from './companion.ts';
import { deliver } from './delivery.ts';

export function noticeLowPreKeys(world: World, companion: Companion): void {
  const count = companion.preKeys.size;
  if (count >= limits.preKeysLow || companion.isAskedForPreKeys || !companion.isLive) return;
  if (!world.settings.preKeyNotices) return;
  companion.isAskedForPreKeys = true;
  const attrs = { from: serverJid, type: 'encrypt', id: world.stanzaId('K'), t: world.nowSeconds() };
  deliver(world, companion, node('notification', attrs, [node('count', { value: String(count) })]));
}

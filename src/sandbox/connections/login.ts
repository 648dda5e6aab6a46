/**
 * Login of a paired companion, and what follows `passive active`: the offline queue, then live delivery
 * and, once per companion, the first-login sequence. Called by events and by the passive query.
 */
import { randomBytes } from 'node:crypto';
import { detach } from '../../detach.ts';
import { errorFields } from '../../log.ts';
import type { Companion } from '../accounts/companion.ts';
import { transmit } from '../accounts/delivery.ts';
import { sendFirstLogin } from '../accounts/first-login.ts';
import { serverJid } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';

const replaced = node('stream:error', {}, [node('conflict', { type: 'replaced' })]);

function refuse(world: World, connection: Connection, reason: number): void {
  world.counters.add('refusedLogins');
  connection.send(node('failure', { reason: String(reason), location: 'sandbox' }));
  connection.end();
}

function takeOver(companion: Companion, connection: Connection): void {
  const previous = companion.link;
  companion.link = connection;
  companion.isLive = false;
  companion.isAskedForPreKeys = false;
  connection.companion = companion;
  if (!previous) return;
  previous.send(replaced);
  previous.end();
}

function isSame(companion: Companion, payload: proto.IClientPayload): boolean {
  return String(payload.username ?? '') === companion.account.phone && payload.device === companion.device;
}

export function logIn(
  world: World,
  connection: Connection,
  noiseKey: Buffer,
  payload: proto.IClientPayload,
): void {
  const companion = world.accounts.byNoiseKey(noiseKey);
  if (!companion || !isSame(companion, payload)) {
    refuse(world, connection, 401);
    return;
  }
  const failure = world.door.takeFailure(companion.account.phone);
  if (failure !== null) {
    refuse(world, connection, failure);
    return;
  }
  takeOver(companion, connection);
  world.counters.add('logins', companion.account.phone);
  world.log.info({ account: companion.account.phone, device: companion.device }, 'logged in');
  const t = world.nowSeconds();
  connection.send(
    node('success', { t, props: '27', companion_enc_static: '', lid: companion.lid, location: 'sbx' }),
  );
  const routing = node('routing_info', {}, randomBytes(8));
  connection.send(node('ib', { from: serverJid }, [node('edge_routing', {}, [routing])]));
  connection.send(node('ib', { from: serverJid }, [node('dirty', { type: 'account_sync', timestamp: t })]));
  if (companion.isSynced || world.groups.ofMember(companion.account.phone).length === 0) return;
  connection.send(node('ib', { from: serverJid }, [node('dirty', { type: 'groups', timestamp: t })]));
}

const offlineMark = (count: number) =>
  node('ib', { from: serverJid }, [node('offline', { count: String(count) })]);

/** After `passive active`: announces what waits, or goes live at once. */
export function startDelivery(world: World, companion: Companion): void {
  const count = companion.queue.size;
  if (count === 0) {
    goLive(world, companion, 0);
    return;
  }
  const preview = node('offline_preview', {
    count: String(count),
    message: String(count),
    t: world.nowSeconds(),
  });
  companion.link?.send(node('ib', { from: serverJid }, [preview]));
}

/** The device asked for the batch: everything that waits goes out in order, marked `offline`. */
export function sendOfflineBatch(world: World, companion: Companion): void {
  if (companion.isLive) return;
  const waiting = companion.queue.all();
  for (const entry of waiting) transmit(world, companion, entry, true);
  goLive(world, companion, waiting.length);
}

function goLive(world: World, companion: Companion, count: number): void {
  companion.isLive = true;
  companion.link?.send(offlineMark(count));
  if (companion.isSynced) return;
  companion.isSynced = true;
  detach(sendFirstLogin(world, companion), (error) => {
    world.log.error({ error: errorFields(error), account: companion.account.phone }, 'first login failed');
  });
}

/**
 * What a phone sends its new companion once: app-state key, initial history, push name, recent history.
 * Called when a companion goes live for the first time; the queue redelivers what is not acknowledged.
 */
import { sendVirtual } from '../messages/virtual-send.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import type { Companion } from './companion.ts';
import { bootstrapOf, inlineChunk, pushNamesOf, recentChunks } from './past.ts';

const { HistorySyncType } = proto.HistorySync;
const { Type } = proto.Message.ProtocolMessage;

function keyShare(world: World, account: Account): proto.Message.IProtocolMessage {
  const keyData = {
    keyData: account.appStateKey.data,
    fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] },
    timestamp: world.clock.now(),
  };
  const keys = [{ keyId: { keyId: account.appStateKey.id }, keyData }];
  return { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } };
}

function sequence(world: World, account: Account): proto.Message.IProtocolMessage[] {
  const mapping = [{ pnJid: pnJid(account.phone), lidJid: lidJid(account.lid) }];
  const past = world.settings.history(account.phone);
  const pushnames = [{ id: pnJid(account.phone), pushname: account.pushName }, ...pushNamesOf(past)];
  const content = { conversations: bootstrapOf(past), phoneNumberToLidMappings: mapping };
  const bootstrap = { syncType: HistorySyncType.INITIAL_BOOTSTRAP, order: 1, progress: 100, content };
  const names = { syncType: HistorySyncType.PUSH_NAME, order: 2, progress: 100, content: { pushnames } };
  return [
    keyShare(world, account),
    inlineChunk(bootstrap),
    inlineChunk(names),
    ...recentChunks(world, past, 3),
  ];
}

/** Sends a protocol message from the phone to one of its own companions. */
export function sendPeer(
  world: World,
  companion: Companion,
  protocolMessage: proto.Message.IProtocolMessage,
) {
  const { account } = companion;
  return sendVirtual(world, {
    companion,
    party: account.phoneDevice,
    attrs: {
      id: world.stanzaId('3EB0'),
      from: account.pn,
      type: 'text',
      category: 'peer',
      notify: account.pushName,
      sender_lid: account.lidJid,
      t: world.nowSeconds(),
    },
    plain: proto.Message.encode({ protocolMessage }).finish(),
  });
}

export async function sendFirstLogin(world: World, companion: Companion): Promise<void> {
  for (const message of sequence(world, companion.account)) await sendPeer(world, companion, message);
}

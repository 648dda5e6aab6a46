/**
 * What a phone sends its new companion once: app-state key, initial history, push name, recent history.
 * Called when a companion goes live for the first time; the queue redelivers what is not acknowledged.
 */
import { deflateSync } from 'node:zlib';
import { writerNumber } from '../contacts/writing.ts';
import { sendVirtual } from '../messages/virtual-send.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import type { Companion } from './companion.ts';

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

function history(
  syncType: proto.HistorySync.HistorySyncType,
  order: number,
  content: Omit<proto.IHistorySync, 'syncType'>,
): proto.Message.IProtocolMessage {
  const encoded = proto.HistorySync.encode({
    ...content,
    syncType,
    chunkOrder: order,
    progress: 100,
  }).finish();
  return {
    type: Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: syncType as number as proto.Message.HistorySyncType,
      chunkOrder: order,
      progress: 100,
      initialHistBootstrapInlinePayload: deflateSync(encoded),
    },
  };
}

/** What a phone with some past would send: one message of each of the first contacts that write. */
function pastChats(world: World): proto.IConversation[] {
  const t = Number(world.nowSeconds()) - 86_400;
  return Array.from({ length: world.settings.historyChats }, (_, n) => {
    const id = pnJid(writerNumber(n));
    const key = { remoteJid: id, fromMe: false, id: `PAST${n}` };
    const message = { key, messageTimestamp: t + n, message: { conversation: `past message ${n}` } };
    const name = `Contact ${id.slice(9, 13)}`;
    return { id, name, conversationTimestamp: t + n, unreadCount: 0, messages: [{ message, msgOrderId: n }] };
  });
}

function sequence(world: World, account: Account): proto.Message.IProtocolMessage[] {
  const mapping = [{ pnJid: pnJid(account.phone), lidJid: lidJid(account.lid) }];
  const names = [{ id: pnJid(account.phone), pushname: account.pushName }];
  return [
    keyShare(world, account),
    history(HistorySyncType.INITIAL_BOOTSTRAP, 1, {
      conversations: pastChats(world),
      phoneNumberToLidMappings: mapping,
    }),
    history(HistorySyncType.PUSH_NAME, 2, { pushnames: names }),
    history(HistorySyncType.RECENT, 3, { conversations: [] }),
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

/**
 * Receipts and refusals as status updates: what Baileys emits about messages of this account becomes
 * `StatusesChanged`. Pure but for the mapping; called by `events.ts` and `receipts.ts`. Never tells about messages
 * of others.
 */
import type { MessageUserReceiptUpdate, WAMessageKey, WAMessageUpdate } from '@whiskeysockets/baileys';
import { WAMessageStatus } from '@whiskeysockets/baileys';
import type { MessageStatus } from '../protocol/message.ts';
import { resolvedParty } from './addresses.ts';
import type { LidMapping } from './lid-mapping.ts';
import type { StatusUpdate } from './wa-socket.ts';

const statuses = new Map<number, MessageStatus>([
  [WAMessageStatus.ERROR, 'failed'],
  [WAMessageStatus.DELIVERY_ACK, 'delivered'],
  [WAMessageStatus.READ, 'read'],
  [WAMessageStatus.PLAYED, 'played'],
]);

interface Change {
  readonly status: MessageStatus;
  readonly participant: string | null;
  readonly seconds: unknown;
  readonly whatsappCode: number | null;
}

/** One message's change as the shard takes it, with both addresses of each party where known. */
export async function statusUpdate(
  lids: LidMapping,
  key: WAMessageKey,
  change: Change,
  nowMs: number,
): Promise<StatusUpdate | undefined> {
  if (!key.fromMe || !key.id || !key.remoteJid) return undefined;
  const seconds = Number(String(change.seconds ?? 0));
  return {
    id: key.id,
    chat: await resolvedParty(lids, key.remoteJid),
    status: change.status,
    participant: change.participant ? await resolvedParty(lids, change.participant) : null,
    at: seconds > 0 ? seconds * 1000 : nowMs,
    whatsappCode: change.whatsappCode,
  };
}

export function ofMessageUpdate(
  lids: LidMapping,
  { key, update }: WAMessageUpdate,
  nowMs: number,
): Promise<StatusUpdate | undefined> {
  const status = statuses.get(Number(update.status ?? -1));
  if (!status) return Promise.resolve(undefined);
  const code = status === 'failed' ? Number(update.messageStubParameters?.[0]) || null : null;
  const change = { status, participant: null, seconds: update.messageTimestamp, whatsappCode: code };
  return statusUpdate(lids, key, change, nowMs);
}

/** Groups and broadcasts: one receipt a member. */
export function ofMemberReceipt(
  lids: LidMapping,
  { key, receipt }: MessageUserReceiptUpdate,
  nowMs: number,
): Promise<StatusUpdate | undefined> {
  const { userJid, receiptTimestamp, readTimestamp, playedTimestamp } = receipt;
  const [status, seconds]: [MessageStatus, unknown] = playedTimestamp
    ? ['played', playedTimestamp]
    : readTimestamp
      ? ['read', readTimestamp]
      : ['delivered', receiptTimestamp];
  const change = { status, participant: userJid ?? null, seconds, whatsappCode: null };
  return statusUpdate(lids, key, change, nowMs);
}

/**
 * History chunks that the phone announced and that are not stored yet, as rows beside the session: staged by the
 * journal in the commit of their decryption, so that a kill does not lose what was receipted. Read by `history.ts`.
 */
import { type BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Me } from '../protocol/instance.ts';
import type { StoreWrite } from '../store/ports.ts';
import { isMine } from './addresses.ts';
import type { WaSocketOptions } from './wa-socket.ts';

export const historyPrefix = 'history:';

const { HistorySyncType } = proto.HistorySync;

/** What has chats, contacts or messages in it. */
export const historyKinds = new Map([
  [HistorySyncType.INITIAL_BOOTSTRAP, 'bootstrap'],
  [HistorySyncType.RECENT, 'recent'],
  [HistorySyncType.FULL, 'full'],
  [HistorySyncType.PUSH_NAME, 'names'],
  [HistorySyncType.ON_DEMAND, 'on_demand'],
] as const);

/** Sorted as they came. */
const keyOf = ({ t, id }: BinaryNode['attrs'], order: number): string =>
  [`${historyPrefix}${(t ?? '0').padStart(12, '0')}`, String(order).padStart(8, '0'), id ?? ''].join('.');

interface Staging {
  readonly instance: string;
  readonly options: Partial<Pick<WaSocketOptions, 'settings'>>;
  me(): Me;
}

export function stagedHistory(
  { instance, me, options }: Staging,
  { attrs }: BinaryNode,
  content: proto.IMessage,
): StoreWrite[] {
  const notification = content.protocolMessage?.historySyncNotification;
  const { syncHistory, storeMessages } = options.settings ?? {};
  if (!notification || !syncHistory || !storeMessages) return [];
  if (!isMine(attrs['from'], me()) || !historyKinds.has(notification.syncType as number)) return [];
  const value = proto.Message.HistorySyncNotification.encode(notification).finish();
  return [{ to: 'signal', instance, key: keyOf(attrs, notification.chunkOrder ?? 0), value }];
}

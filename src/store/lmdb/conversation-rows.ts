/** `ConversationWrite` → rows: pure, as `rows.ts`, which calls it. A hot path: every message comes through here. */
import { unreachable } from '../../assert.ts';
import { pack } from '../codec.ts';
import type { ConversationWrite, Mark } from '../conversation-ports.ts';
import {
  byChatKey,
  byTimeKey,
  chatByTimeKey,
  chatKey,
  contactKey,
  markKey,
  messageKey,
  type Placed,
  packMessage,
  packReference,
  placed,
} from './conversation-layout.ts';
import type { Row } from './databases.ts';

type Write<T extends ConversationWrite['to']> = Extract<ConversationWrite, { to: T }>;

const empty = new Uint8Array(0);

export function listingRows(at: Placed, type: string, value: Uint8Array): Row[] {
  const typeBytes = Buffer.from(type);
  return [
    { db: 'messages', key: messageKey(at), value },
    { db: 'messagesByChat', key: byChatKey(at), value: typeBytes },
    { db: 'messagesByTime', key: byTimeKey(at), value: typeBytes },
  ];
}

/** A mark that says that there is nothing: its row goes. */
const isCleared = (mark: Mark): boolean =>
  (mark.kind === 'reaction' && mark.emoji === '') ||
  (mark.kind === 'starred' && !mark.isOn) ||
  (mark.kind === 'pinned' && mark.until === null);

function chatRows({ record, listedAt }: Write<'chat'>): Row[] {
  const { instance, id, at } = record;
  const rows: Row[] = [{ db: 'chats', key: chatKey(instance, id), value: pack(record) }];
  if (listedAt === at) return rows;
  if (listedAt !== null)
    rows.push({ db: 'chatsByTime', key: chatByTimeKey(instance, listedAt, id), value: null });
  rows.push({ db: 'chatsByTime', key: chatByTimeKey(instance, at, id), value: empty });
  return rows;
}

const goneRows = ({ instance, id, listedAt }: Write<'chatGone'>): Row[] => [
  { db: 'chats', key: chatKey(instance, id), value: null },
  { db: 'chatsByTime', key: chatByTimeKey(instance, listedAt, id), value: null },
];

export function conversationRows(write: ConversationWrite): Row[] {
  switch (write.to) {
    case 'message': {
      const { message } = write;
      const { id, instance, type } = message.view;
      return listingRows(placed(instance, { ...message, id }), type, packMessage(message));
    }
    case 'listed':
      return listingRows(
        placed(write.instance, write),
        write.type,
        packReference(write.id, write.chatId, write.place),
      );
    case 'mark': {
      const { instance, chatId, id, mark } = write;
      const key = markKey(instance, chatId, id, mark);
      return [{ db: 'marks', key, value: isCleared(mark) ? null : pack(mark) }];
    }
    case 'chat':
      return chatRows(write);
    case 'chatGone':
      return goneRows(write);
    case 'contact':
      return [
        {
          db: 'contacts',
          key: contactKey(write.record.instance, write.record.id),
          value: pack(write.record),
        },
      ];
    default:
      return unreachable(write);
  }
}

/** What composers work with, and their type. Imported by every composer. */
import type { proto, WASocket } from '@whiskeysockets/baileys';
import type { MessageContent } from '../../protocol/message.ts';
import type { GroupCache } from '../caches.ts';

export interface ComposeContext {
  readonly sock: Pick<WASocket, 'waUploadToServer'>;
  readonly groups: Pick<GroupCache, 'get'>;
  /** JID of the chat, as resolved. */
  readonly to: string;
  readonly messageId: string;
}

export type MessageType = MessageContent['type'];
export type ContentOf<T extends MessageType> = Extract<MessageContent, { type: T }>;
export type Composer<T extends MessageType> = (
  content: ContentOf<T>,
  context: ComposeContext,
) => Promise<proto.IMessage>;

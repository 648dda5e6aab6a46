/** What composers work with, and their type. Imported by every composer. */
import type { proto, WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../../clock.ts';
import type { Me } from '../../protocol/instance.ts';
import type { MessageContent } from '../../protocol/message.ts';
import type { GroupCache } from '../caches.ts';
import type { SendWindow } from '../send-window.ts';

export interface ComposeContext {
  readonly sock: Pick<WASocket, 'waUploadToServer'>;
  readonly groups: Pick<GroupCache, 'get'>;
  /** Where what waits to be uploaded lies. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Bounds the uploads of one socket. */
  readonly uploads: SendWindow;
  /** The socket is over: what fails from here on says nothing about the message. */
  hasEnded(): boolean;
  me(): Me;
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

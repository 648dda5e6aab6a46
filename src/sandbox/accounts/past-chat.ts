/** What a phone had before a device was linked: given by who starts the sandbox, handed over by `past.ts`. */
import type { proto } from '../wire/proto.ts';

export interface PastMessage {
  readonly id: string;
  readonly content: proto.IMessage;
  readonly fromMe?: boolean;
  /** JID of the author in a group. */
  readonly participant?: string;
  /** Unix seconds. */
  readonly at: number;
  readonly starred?: boolean;
  /** Emoji of the other side. */
  readonly reaction?: string;
}

export interface PastChat {
  readonly jid: string;
  /** The other address of a person. */
  readonly otherJid?: string;
  readonly name?: string;
  /** As the contact calls itself. */
  readonly pushName?: string;
  readonly unread?: number;
  readonly archived?: boolean;
  readonly pinned?: boolean;
  /** Oldest first. */
  readonly messages: readonly PastMessage[];
}

/** What an account changes about its chats: the same on all its devices, through WhatsApp's app state. */
import type { Party } from './message.ts';

/** What WhatsApp offers for disappearing messages; 0 is off. */
export const ephemeralSeconds = [0, 86_400, 604_800, 7_776_000] as const;

/** Only what is to change, or has changed. */
export interface ChatChange {
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
  /** ms since the epoch; null: not muted. */
  readonly mutedUntil?: number | null | undefined;
  readonly unread?: boolean | undefined;
  readonly ephemeralSeconds?: number | undefined;
}

/** What is told of a change. */
export interface ChatNews extends ChatChange {
  /** How many messages are unread now. */
  readonly unreadCount?: number;
}

export type ChatUpdate = ChatChange & { readonly chat: Party };

export interface ChatActions {
  ChangeChat: {
    readonly input: { readonly chat: string; readonly change: ChatChange };
    readonly reply: ChatUpdate;
  };
  /** The chat goes, or with `keepChat` its messages only; both for this account alone. */
  RemoveChat: {
    readonly input: { readonly chat: string; readonly keepChat: boolean };
    readonly reply: null;
  };
  /** Read receipts: for these messages, or (null) for all that are unread. `not_found` for an unknown one. */
  ReadChat: {
    readonly input: { readonly chat: string; readonly messageIds: readonly string[] | null };
    readonly reply: { readonly read: number };
  };
}

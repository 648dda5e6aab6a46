/** What an account does to a message on its own devices alone, through WhatsApp's app state. */
import type { Party, TargetKey } from './message.ts';

interface OwnTarget {
  readonly key: TargetKey;
  /** Under which id the store has the chat. */
  readonly chatId: string;
}

export interface MessageActions {
  StarMessage: {
    readonly input: OwnTarget & { readonly isOn: boolean };
    readonly reply: null;
  };
  /** Deleted for this account; the other side keeps it. */
  HideMessage: {
    readonly input: OwnTarget & { readonly chat: Party; readonly timestamp: number };
    readonly reply: null;
  };
}

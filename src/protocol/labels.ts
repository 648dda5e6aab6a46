/** Labels of the business app, on chats and messages; the same on all devices of the account. */
import type { Party } from './message.ts';

export const labelColors = 20;

export interface Label {
  readonly id: string;
  readonly name: string;
  /** Index into WhatsApp's palette. */
  readonly color: number;
}

export interface LabelDetail extends Label {
  readonly chats: readonly Party[];
  readonly messages: readonly { readonly chat: Party; readonly id: string }[];
}

export interface LabelActions {
  GetLabels: { readonly input: Record<never, never>; readonly reply: readonly Label[] };
  GetLabel: { readonly input: { readonly labelId: string }; readonly reply: LabelDetail };
  CreateLabel: { readonly input: { readonly name: string; readonly color: number }; readonly reply: Label };
  ChangeLabel: {
    readonly input: {
      readonly labelId: string;
      readonly name?: string | undefined;
      readonly color?: number | undefined;
    };
    readonly reply: Label;
  };
  RemoveLabel: { readonly input: { readonly labelId: string }; readonly reply: null };
  /** On a chat, or with `messageId` on a message of it; without `chat` the store tells whose message it is. */
  SetLabeled: {
    readonly input: {
      readonly labelId: string;
      readonly chat: string | null;
      readonly messageId: string | null;
      readonly isLabeled: boolean;
    };
    readonly reply: null;
  };
}

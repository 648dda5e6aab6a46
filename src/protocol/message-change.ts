/**
 * What is done to a message after it was sent: an edit, a deletion, a reaction, a pin, a vote. The shard makes
 * events and marks of it. What this gateway does itself is sent as a `MessageContent` of `message.ts` first.
 */
import type { Party } from './message.ts';

export type ChangeKind =
  | { readonly kind: 'edited'; readonly text: string | null; readonly proto: Uint8Array }
  | { readonly kind: 'deleted' }
  /** An empty emoji takes the reaction back. */
  | { readonly kind: 'reaction'; readonly emoji: string }
  /** Until null: no longer pinned. */
  | { readonly kind: 'pinned'; readonly until: number | null }
  /** Null where the poll is not known, or the vote not readable. */
  | { readonly kind: 'vote'; readonly options: readonly string[] | null };

export interface MessageChange {
  /** Of the message that carries the change. */
  readonly id: string;
  readonly chat: Party;
  /** Who did it. */
  readonly from: Party;
  readonly fromMe: boolean;
  /** Somebody else did it by the right of a group's administrator: WhatsApp's server has made sure. */
  readonly asAdmin: boolean;
  readonly at: number;
  /** The message that it is about. */
  readonly target: string;
  readonly change: ChangeKind;
}

export interface PollResult {
  readonly option: string;
  readonly votes: number;
}

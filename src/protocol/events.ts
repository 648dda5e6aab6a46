/**
 * Events: past-tense facts about an instance, delivered to webhooks and event streams. The body of an event
 * is made once, as JSON bytes, inside the batch that makes it durable; nobody encodes it again.
 */
import type { GroupEventData } from './group-events.ts';
import type { InstanceState } from './instance.ts';
import type { MessageError, MessageStatus, Party, ReceivedMessage } from './message.ts';
import type { PollResult } from './message-change.ts';

export const eventTypes = [
  'instance.state',
  'instance.qr',
  'message.received',
  'message.sent',
  'message.status',
  'message.edited',
  'message.deleted',
  'message.reaction',
  'poll.vote',
  'chat.updated',
  'chat.deleted',
  'contact.updated',
  'group.updated',
  'group.participants',
  'group.join_request',
  'presence.updated',
  'call.received',
  'call.ended',
  'label.updated',
  'blocklist.updated',
  'history.synced',
  'webhook.test',
] as const;
export type EventType = (typeof eventTypes)[number];

export const presenceStates = ['available', 'unavailable', 'composing', 'recording'] as const;
export type PresenceState = (typeof presenceStates)[number];

/** `timeout`: nobody answered; `ended`: the caller hung up; `accepted`: another device took it. */
export const callEnds = ['rejected', 'accepted', 'timeout', 'ended'] as const;
export type CallEnd = (typeof callEnds)[number];

/** What the events that are emitted today carry as `data`; times are ISO 8601 strings here, as delivered. */
export interface EventData extends GroupEventData {
  'instance.state': { state: InstanceState; previous: InstanceState; reason: string | null };
  'instance.qr': { qr: string; expiresAt: string };
  'message.received': Rendered<ReceivedMessage>;
  'message.sent': Rendered<ReceivedMessage>;
  'message.status': {
    id: string;
    chat: Party;
    status: MessageStatus;
    participant: Party | null;
    at: string;
    error: MessageError | null;
  };
  /** Only what changed. */
  'chat.updated': {
    chat: Party;
    archived?: boolean;
    pinned?: boolean;
    mutedUntil?: string | null;
    unread?: boolean;
    /** How many are unread now; absent where only the mark changed. */
    unreadCount?: number;
    ephemeralSeconds?: number;
  };
  /** For this account alone; with `messagesOnly` the chat itself stays. */
  'chat.deleted': { chat: Party; messagesOnly: boolean };
  'contact.updated': {
    contact: Party;
    /** As saved in the phone's address book. */
    name: string | null;
    /** What changed is told, the rest is null. */
    picture: 'changed' | 'removed' | null;
  };
  'presence.updated': {
    chat: Party;
    participant: Party;
    state: PresenceState;
    lastSeen: string | null;
  };
  'call.received': {
    id: string;
    from: Party;
    group: Party | null;
    isVideo: boolean;
    isGroup: boolean;
    at: string;
    offline: boolean;
  };
  'call.ended': { id: string; from: Party; reason: CallEnd; at: string };
  /** `added` and `removed`: on or from a chat, or a message of it. */
  'label.updated': {
    id: string;
    name: string;
    color: number;
    change: 'saved' | 'deleted' | 'added' | 'removed';
    chat: Party | null;
    messageId: string | null;
  };
  'blocklist.updated': { contact: Party; blocked: boolean };
  /** One chunk of the phone's history is kept; `progress` in per cent, as the phone says. */
  'history.synced': {
    kind: 'bootstrap' | 'recent' | 'full' | 'names' | 'on_demand';
    progress: number | null;
    chats: number;
    contacts: number;
    messages: number;
  };
  'message.edited': ChangeData & { text: string | null };
  /** `me`: on the devices of this account alone. */
  'message.deleted': ChangeData & { for: 'everyone' | 'me' };
  /** Null: taken back. */
  'message.reaction': ChangeData & { emoji: string | null };
  /** Everything that this person votes for now; null where it cannot be read. */
  'poll.vote': ChangeData & {
    options: readonly string[] | null;
    results: readonly PollResult[] | null;
  };
  'webhook.test': { message: string };
}

/** `id` is the message that was changed, `from` who changed it. */
export interface ChangeData {
  readonly id: string;
  readonly chat: Party;
  readonly from: Party;
  readonly fromMe: boolean;
  readonly at: string;
}

/** Same shape with the times as ISO strings. */
export type Rendered<T> = {
  [K in keyof T]: K extends 'timestamp' | 'statusAt' ? string : T[K];
};

/** An event before it has a sequence and an id. `chat` is the ordering key within the instance, or null. */
export interface NewEvent<T extends keyof EventData = keyof EventData> {
  readonly type: T;
  readonly chat: string | null;
  readonly data: EventData[T];
}

/**
 * An event as stored and pushed through the ring. `seq` grows within an instance and is unique in the store
 * (`src/shard/sequence.ts`). `body` is the JSON `{ id, type, instance, at, data }` that is POSTed as it is.
 */
export interface EventRecord {
  readonly seq: number;
  readonly id: string;
  readonly type: EventType;
  readonly instance: string;
  readonly chat: string | null;
  /** ms since the epoch. */
  readonly at: number;
  readonly body: Uint8Array;
}

/** One ring record: the events of one flush, with the webhooks that want each. */
export interface EventFrame {
  readonly shard: number;
  /** Counts frames of this shard since its thread started; a gap shows that records were not pushed. */
  readonly frame: number;
  readonly events: readonly { readonly event: EventRecord; readonly webhooks: readonly string[] }[];
}

/**
 * The store's ports by concern. Reads may answer at once or with a promise (an engine over the network
 * needs one): always `await` them. Every change goes through `commit`, one atomic batch across concerns;
 * its promise resolves when the batch survives any kill of the process (`DURABILITY=disk`: power loss too).
 * Rejections are `AppError('store_failed')`: a read error is never "not there".
 */
import type { EventRecord } from '../protocol/events.ts';
import type { InstanceConfig, InstanceStatus, WebhookConfig } from '../protocol/instance.ts';
import type { MessageContent, MessageStatus, MessageView, Party, WaitMode } from '../protocol/message.ts';
import type { DeadLetter } from '../protocol/webhook.ts';
import type { ConversationStore, ConversationWrite, MessageErasure } from './conversation-ports.ts';

export type { DeadLetter } from '../protocol/webhook.ts';
export type Awaitable<T> = T | Promise<T>;

/** What waits in an endpoint's lane: enough to order and page it without its body. */
export interface PendingEntry {
  readonly webhook: string;
  readonly seq: number;
  readonly instance: string;
  readonly chat: string | null;
  readonly at: number;
}

/** Where the page after this letter begins: what `deadLetters` takes as `after`. */
export const deadLetterCursor = (letter: Pick<DeadLetter, 'webhook' | 'seq'>): string =>
  `${letter.webhook}:${letter.seq}`;

/** A message that this gateway sends: queued until acknowledged, then kept for retry receipts (7 days). */
export interface SentRecord {
  readonly instance: string;
  readonly id: string;
  /** JID that it is sent to, as resolved; the address as asked until then. */
  readonly to: string;
  readonly content: MessageContent;
  readonly quote: string | null;
  readonly wait: WaitMode;
  readonly view: MessageView;
  /** Encoded WAProto Message, once made: what a retry receipt is answered from. */
  readonly proto: Uint8Array | null;
}

export interface IdempotencyRecord {
  /** credential + method + path, then the key. */
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  /** WhatsApp message id stored before the first frame leaves. */
  readonly messageId: string | null;
  readonly answer: { readonly status: number; readonly body: string | null } | null;
  readonly at: number;
}

/** One change. `null` removes. */
export type StoreWrite =
  | { to: 'instanceConfig'; id: string; value: InstanceConfig | null }
  | { to: 'instanceStatus'; id: string; value: InstanceStatus | null }
  | { to: 'globalWebhook'; value: WebhookConfig | null }
  | { to: 'setting'; key: string; value: unknown }
  | { to: 'creds'; instance: string; value: Uint8Array | null }
  /** `key` is `type:id`, for example `session:123_1.0`, `pre-key:7`, `lid-mapping:5511…`. */
  | { to: 'signal'; instance: string; key: string; value: Uint8Array | null }
  /** The event, its log entry and one pending entry for each webhook. */
  | { to: 'event'; event: EventRecord; webhooks: readonly string[] }
  /** Remembers that (chat, sender, id) was made into an event (14 days). */
  | { to: 'dedupe'; instance: string; chat: string; sender: string; id: string; seq: number }
  | { to: 'delivered'; webhook: string; seq: number }
  /** Pending again: a replay. */
  | { to: 'pending'; entry: PendingEntry }
  | { to: 'deadLetter'; letter: DeadLetter }
  | { to: 'deadLetterGone'; webhook: string; seq: number }
  /** `previous`: the state that the stored record has, of which then the state alone changes; absent where it is new. */
  | { to: 'sent'; record: SentRecord; queued: boolean; previous?: MessageStatus }
  | { to: 'devices'; instance: string; key: string; value: Uint8Array | null }
  | { to: 'idempotency'; record: IdempotencyRecord }
  | ConversationWrite;

export interface InstanceStore {
  configs(): Awaitable<InstanceConfig[]>;
  status(id: string): Awaitable<InstanceStatus | undefined>;
  globalWebhook(): Awaitable<WebhookConfig | null>;
  /** Settings that the store keeps itself: the generated admin key's hash, schema facts. */
  setting(key: string): Awaitable<unknown>;
}

export interface SessionStore {
  creds(instance: string): Awaitable<Uint8Array | undefined>;
  signal(instance: string, key: string): Awaitable<Uint8Array | undefined>;
  /** Keys and values below a type prefix, for example `lid-mapping:`. */
  signalRange(instance: string, prefix: string): Awaitable<Iterable<readonly [string, Uint8Array]>>;
  device(instance: string, key: string): Awaitable<Uint8Array | undefined>;
}

export interface OutboxStore {
  event(instance: string, seq: number): Awaitable<EventRecord | undefined>;
  /** Highest sequence of the instance, 0 when it has none. */
  lastSeq(instance: string): Awaitable<number>;
  seqOf(instance: string, chat: string, sender: string, id: string): Awaitable<number | undefined>;
  /** Pending entries of one webhook in sequence order, after `afterSeq`. */
  pending(webhook: string, afterSeq: number, limit: number): Awaitable<PendingEntry[]>;
  pendingCount(webhook: string): Awaitable<number>;
  /** Ids of webhooks that have pending entries. */
  pendingWebhooks(): Awaitable<string[]>;
  /** Events of one instance (or of all when null) after a sequence: SSE resume and replay. */
  events(instance: string | null, afterSeq: number, limit: number): Awaitable<EventRecord[]>;
  deadLetters(instance: string | null, after: string | null, limit: number): Awaitable<DeadLetter[]>;
}

export interface MessageStore {
  sent(instance: string, id: string): Awaitable<SentRecord | undefined>;
  /** Still to be sent, oldest first. */
  queued(instance: string, limit: number): Awaitable<SentRecord[]>;
}

export interface IdempotencyStore {
  find(scope: string, key: string): Awaitable<IdempotencyRecord | undefined>;
}

export interface Store {
  readonly instances: InstanceStore;
  readonly sessions: SessionStore;
  readonly outbox: OutboxStore;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly idempotency: IdempotencyStore;
  commit(writes: readonly StoreWrite[]): Promise<void>;
  /** Removes everything of an instance: configuration, session, events, messages. */
  eraseInstance(id: string): Promise<void>;
  /** Removes the session only (creds, Signal records, device lists): after an explicit logout. */
  eraseSession(id: string): Promise<void>;
  /** Removes messages of a chat with what hangs on them, a bounded number a batch. The chat itself stays. */
  eraseMessages(instance: string, chatId: string, which: MessageErasure): Promise<void>;
  /** Removes a chat and its messages; a kill in between is made good at the next start. */
  eraseChat(instance: string, chatId: string, how?: ChatErasure): Promise<void>;
  /** What was kept under `from` (a number before its LID was known) goes on under `to`. */
  moveChat(instance: string, from: string, to: Party): Promise<void>;
  /** Drops what is older than its retention, a bounded amount a call; answers how many records went. */
  expire(nowMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface ChatErasure {
  /** The chat itself stays. */
  readonly keepsChat?: boolean;
  /** Written in the batch in which the chat goes, before its messages. */
  readonly alongside?: readonly StoreWrite[];
  /** What came in after this place stays: see `MessagePlace`. */
  readonly upToOrder?: number;
}

/** What the store was made for (DECISIONS 1): opening with another root key or host is refused. */
export interface StoreIdentity {
  readonly socketHost: string;
  readonly rootKey: string;
}

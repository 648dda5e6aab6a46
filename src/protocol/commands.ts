/**
 * Everything that a front end can ask of the gateway, independent of routes: the HTTP front, the CLI and
 * later adapters stand on this interface. `src/directory/` implements it on the main thread over the shards.
 * Every method rejects with an `AppError`. Reads of instances and credentials never leave the main thread.
 */
import type { Action, ActionKind, ActionReply } from './actions.ts';
import type { Conversations } from './conversations.ts';
import type {
  InstanceConfig,
  InstanceSettings,
  InstanceState,
  InstanceStatus,
  PairingCode,
  QrShown,
  WebhookConfig,
} from './instance.ts';
import type { MessageContent, MessageView, NumberResult, WaitMode } from './message.ts';
import type { DeadLetter, DeliveryStatus, DeliveryView, WebhookTestResult } from './webhook.ts';

export type Credential =
  | { readonly kind: 'admin' }
  | { readonly kind: 'instance'; readonly instance: string };

export interface WebhookInput {
  readonly url: string;
  readonly events?: readonly string[] | undefined;
  readonly secret?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly ordered?: boolean | undefined;
  readonly enabled?: boolean | undefined;
}

export interface InstanceInput {
  readonly id?: string | undefined;
  readonly webhook?: WebhookInput | null | undefined;
  readonly settings?: Partial<InstanceSettings> | undefined;
  readonly proxy?: { readonly url: string } | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly connect?: boolean | undefined;
}

export type InstancePatch = Omit<InstanceInput, 'id' | 'connect'>;

/** Both halves of an instance; the front renders them as the API's `Instance`. */
export interface InstanceView {
  readonly config: InstanceConfig;
  readonly status: InstanceStatus;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface SendInput {
  /** Made by the front before the idempotency record is written (DECISIONS 20). */
  readonly messageId: string;
  readonly to: string;
  readonly content: MessageContent;
  readonly quote: string | null;
  readonly wait: WaitMode;
  readonly timeoutMs: number;
}

/** Whose dead letters: one instance's or (null) everybody's; `own`: of the instance's own webhook only. */
export interface LetterScope {
  readonly instance: string | null;
  readonly own: boolean;
}

/** What a bounded bulk change came to; the same call again goes on where there is more. */
export interface BulkResult {
  readonly count: number;
  readonly hasMore: boolean;
}

/** Events of the log from a time (ms since the epoch, inclusive) to another; null types: the webhook's own. */
export interface ReplayRange {
  readonly from: number;
  readonly to: number;
  readonly types: readonly string[] | null;
  readonly cursor: number | null;
}

export interface HealthView {
  readonly status: 'ok' | 'starting' | 'degraded' | 'draining';
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
  readonly instances: Readonly<Record<InstanceState, number>>;
}

export interface Commands {
  /** The credential of a presented key, or undefined. Constant time in the key; never asks a shard. */
  authenticate(key: string): Credential | undefined;

  createInstance(input: InstanceInput): Promise<{ view: InstanceView; token: string; secret: string | null }>;
  listInstances(query: {
    state: InstanceState | null;
    q: string | null;
    limit: number;
    cursor: string | null;
    /** Only this one: what an instance token sees. */
    only: string | null;
  }): Page<InstanceView>;
  getInstance(id: string): InstanceView | undefined;
  patchInstance(id: string, patch: InstancePatch): Promise<{ view: InstanceView; secret: string | null }>;
  deleteInstance(id: string, options: { logout: boolean }): Promise<void>;
  connectInstance(id: string): Promise<InstanceView>;
  disconnectInstance(id: string): Promise<InstanceView>;
  restartInstance(id: string): Promise<InstanceView>;
  logoutInstance(id: string): Promise<InstanceView>;
  /** The current QR, waiting up to `waitMs` for one. `already_open`, `timeout`, `instance_not_open`. */
  getQr(id: string, waitMs: number): Promise<QrShown>;
  requestPairingCode(id: string, phone: string): Promise<PairingCode>;
  rotateToken(id: string): Promise<string>;
  moveInstance(id: string, shard: number): Promise<InstanceView>;

  sendMessage(id: string, input: SendInput): Promise<MessageView>;
  /** What is kept of messages, chats and contacts; reads that never leave the main thread. */
  readonly conversations: Conversations;
  checkNumbers(id: string, numbers: readonly string[]): Promise<readonly NumberResult[]>;

  /** Anything else that an open instance can be asked. `instance_not_open` in any other state. */
  perform<K extends ActionKind>(id: string, action: Action<K>): Promise<ActionReply<K>>;

  /** `id` is an instance id or `*` (the webhook for all instances). */
  getWebhook(id: string): WebhookConfig | null;
  /** `secret` is the new secret where one was made or set, else null. */
  setWebhook(id: string, input: WebhookInput): Promise<{ webhook: WebhookConfig; secret: string | null }>;
  removeWebhook(id: string): Promise<void>;
  testWebhook(id: string): Promise<WebhookTestResult>;
  listDeliveries(id: string, status: DeliveryStatus | null, limit: number): Promise<readonly DeliveryView[]>;

  listDeadLetters(query: LetterScope & { limit: number; cursor: string | null }): Promise<Page<DeadLetter>>;
  /** Of every webhook in scope that the event did not reach; answers how many. `not_found`, `webhook_not_set`. */
  replayDeadLetter(eventId: string, scope: LetterScope): Promise<number>;
  replayDeadLetters(scope: LetterScope): Promise<BulkResult>;
  purgeDeadLetter(eventId: string, scope: LetterScope): Promise<number>;
  purgeDeadLetters(scope: LetterScope): Promise<BulkResult>;
  /** Sends events of the log again; `next` is the cursor of the following call, null at the end. */
  replayEvents(id: string, range: ReplayRange): Promise<{ replayed: number; next: number | null }>;

  health(): HealthView;
  /** Prometheus text, all threads. */
  prometheus(): Promise<string>;
}

/** The webhook actor's protocol. Events do not come as commands: they come through the rings and the outbox. */
import type { Config } from '../config.ts';
import type { WebhookConfig } from './instance.ts';
import type { ThreadMetrics } from './metrics.ts';

export type WebhookCommand =
  /** `webhook` is an instance id or `*`; null removes the lane and its pending entries. */
  | { kind: 'ConfigureWebhook'; webhook: string; config: WebhookConfig | null }
  | { kind: 'TestWebhook'; webhook: string }
  | { kind: 'ListDeliveries'; webhook: string; status: DeliveryStatus | null; limit: number }
  /** The outbox holds entries that came through no ring (replay): page them. */
  | { kind: 'PageOutbox'; webhook: string | null }
  | { kind: 'CollectMetrics' }
  | { kind: 'CollectGarbage' };

export const deliveryStatuses = ['delivered', 'retrying', 'dead'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One attempt. `status` is the HTTP status or null when none came. */
export interface DeliveryView {
  readonly eventId: string;
  readonly type: string;
  readonly instance: string;
  readonly attempt: number;
  readonly at: number;
  readonly tookMs: number;
  readonly httpStatus: number | null;
  readonly result: DeliveryStatus;
  readonly error: string | null;
  readonly nextAt: number | null;
}

/** An event that a webhook did not get and will not, unless it is replayed. Times in ms since the epoch. */
export interface DeadLetter {
  /** An instance id, or `*`. */
  readonly webhook: string;
  readonly seq: number;
  readonly instance: string;
  readonly eventId: string;
  readonly type: string;
  readonly at: number;
  readonly deadAt: number;
  readonly attempts: number;
  readonly httpStatus: number | null;
  /** The last answer. */
  readonly error: string;
}

export interface WebhookTestResult {
  readonly delivered: boolean;
  readonly httpStatus: number | null;
  readonly tookMs: number;
  readonly body: string | null;
  readonly error: string | null;
}

export interface WebhookReplies {
  ConfigureWebhook: null;
  TestWebhook: WebhookTestResult;
  ListDeliveries: readonly DeliveryView[];
  PageOutbox: null;
  CollectMetrics: ThreadMetrics;
  CollectGarbage: { readonly heapBytesBefore: number; readonly heapBytesAfter: number };
}

/** What the webhook actor tells the main thread. */
export type WebhookFact = { kind: 'BacklogChanged'; instance: string; pending: number };

export interface WebhookBoot {
  readonly config: Config;
  /** One ring a shard, by shard number. */
  readonly rings: readonly SharedArrayBuffer[];
  readonly doorbell: SharedArrayBuffer;
}

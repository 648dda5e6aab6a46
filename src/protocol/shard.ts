/**
 * The shard actor's protocol: commands that the main thread sends (imperative), their replies, and the
 * facts that the shard tells the main thread (past tense). Plain data only.
 */
import type { Config } from '../config.ts';
import type { Action, ActionKind, ActionReply } from './actions.ts';
import type { EventRecord } from './events.ts';
import type { InstanceConfig, InstanceStatus, PairingCode, QrShown, WebhookConfig } from './instance.ts';
import type { MessageContent, MessageView, NumberResult, WaitMode } from './message.ts';
import type { ThreadMetrics } from './metrics.ts';

export type ShardCommand =
  /** Takes the instance over; `connect` opens its socket, behind the handshakes that are under way. */
  | { kind: 'HostInstance'; config: InstanceConfig; connect: boolean; isHeld: boolean }
  /** Held: too many events wait for its webhook, so it stays disconnected until they drain (DECISIONS 13). */
  | { kind: 'HoldInstance'; instance: string; isHeld: boolean }
  /** Every instance that the shard had before is handed over: nobody waits for another one. */
  | { kind: 'FinishHosting' }
  | { kind: 'ConfigureInstance'; config: InstanceConfig }
  | { kind: 'ConfigureGlobalWebhook'; webhook: WebhookConfig | null }
  | { kind: 'ConnectInstance'; instance: string }
  | { kind: 'DisconnectInstance'; instance: string }
  | { kind: 'RestartInstance'; instance: string }
  | { kind: 'LogoutInstance'; instance: string }
  /** Stops the instance and forgets it here; with `erase` its data is removed from the store. */
  | { kind: 'ReleaseInstance'; instance: string; logout: boolean; erase: boolean }
  | { kind: 'GetQr'; instance: string; waitMs: number }
  | { kind: 'RequestPairingCode'; instance: string; phone: string }
  | {
      kind: 'SendMessage';
      instance: string;
      /** WhatsApp message id, made and stored with the idempotency key before this command. */
      messageId: string;
      to: string;
      content: MessageContent;
      quote: string | null;
      wait: WaitMode;
      timeoutMs: number;
    }
  | { kind: 'CheckNumbers'; instance: string; numbers: readonly string[] }
  /** Anything else that an open instance can be asked. */
  | { kind: 'Perform'; instance: string; action: Action }
  | { kind: 'ClearCaches'; caches: readonly string[]; instance: string | null }
  /** While true the shard tells `EventsMade`: somebody on the main thread streams events. */
  | { kind: 'WatchEvents'; isWatched: boolean }
  | { kind: 'CollectMetrics' }
  | { kind: 'CollectGarbage' };

export interface ShardReplies {
  HostInstance: InstanceStatus;
  HoldInstance: InstanceStatus;
  FinishHosting: null;
  ConfigureInstance: null;
  ConfigureGlobalWebhook: null;
  ConnectInstance: InstanceStatus;
  DisconnectInstance: InstanceStatus;
  RestartInstance: InstanceStatus;
  LogoutInstance: InstanceStatus;
  ReleaseInstance: null;
  GetQr: QrShown;
  RequestPairingCode: PairingCode;
  SendMessage: MessageView;
  CheckNumbers: readonly NumberResult[];
  /** The reply of the action's kind. */
  Perform: ActionReply<ActionKind>;
  ClearCaches: Readonly<Record<string, number>>;
  WatchEvents: null;
  CollectMetrics: ThreadMetrics;
  CollectGarbage: { readonly heapBytesBefore: number; readonly heapBytesAfter: number };
}

/** What a shard tells the main thread's directory. */
export type ShardFact =
  | { kind: 'InstanceChanged'; status: InstanceStatus }
  | { kind: 'EventsMade'; events: readonly EventRecord[] };

/** What a shard thread is started with. */
export interface ShardBoot {
  readonly shard: number;
  readonly config: Config;
  readonly ring: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
}

/**
 * What an instance is, on the wire between actors and in the API: states, settings, stored configuration
 * (owned and written by the main thread) and status (owned and written by its shard).
 */
import type { ErrorCode } from '../errors.ts';
import type { Party } from './message.ts';

export const instanceStates = [
  'created',
  'connecting',
  'qr',
  'pairing',
  'open',
  'reconnecting',
  'logged_out',
  'failed',
  'stopped',
] as const;
export type InstanceState = (typeof instanceStates)[number];

/** Instances in these states are not opened again at boot or after a shard restart (DECISIONS 9). */
export const restingStates: readonly InstanceState[] = ['created', 'stopped', 'logged_out', 'failed'];

export interface InstanceSettings {
  readonly rejectCalls: boolean;
  readonly rejectCallMessage: string | null;
  readonly alwaysOnline: boolean;
  readonly readMessages: boolean;
  readonly ignoreGroups: boolean;
  readonly ignoreStatus: boolean;
  readonly ignoreNewsletters: boolean;
  readonly syncHistory: boolean;
  readonly storeMessages: boolean;
  readonly sendDelayMsMin: number;
  readonly sendDelayMsMax: number;
}

export const defaultInstanceSettings: InstanceSettings = {
  rejectCalls: false,
  rejectCallMessage: null,
  alwaysOnline: false,
  readMessages: false,
  ignoreGroups: false,
  ignoreStatus: false,
  ignoreNewsletters: false,
  syncHistory: false,
  storeMessages: true,
  sendDelayMsMin: 0,
  sendDelayMsMax: 0,
};

/** A webhook as stored. `secret` is `whsec_` + base64; the previous one signs too until its time. */
export interface WebhookConfig {
  readonly url: string;
  /** `['*']` or event types. */
  readonly events: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly ordered: boolean;
  readonly enabled: boolean;
  readonly secret: string;
  readonly previousSecret: string | null;
  /** ms since the epoch. */
  readonly previousSecretUntil: number | null;
}

/** Id of the webhook for all instances; every other webhook has the id of its instance. */
export const globalWebhookId = '*';

/** Written by the main thread only. */
export interface InstanceConfig {
  readonly id: string;
  readonly createdAt: number;
  readonly shard: number;
  /** SHA-256 of the instance token, hex. */
  readonly tokenHash: string;
  readonly settings: InstanceSettings;
  readonly webhook: WebhookConfig | null;
  readonly proxy: { readonly url: string } | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Me {
  readonly jid: string;
  readonly pn: string | null;
  readonly lid: string | null;
  readonly name: string | null;
}

/** Codes of `lastError` beside the API's: why an instance is not open. */
export type InstanceErrorCode =
  | ErrorCode
  | 'connection_closed'
  | 'connection_timeout'
  | 'connection_refused'
  | 'connection_replaced'
  | 'certificate_invalid'
  | 'logged_out'
  | 'banned'
  | 'qr_expired'
  | 'passkey_required'
  | 'outbox_full'
  | 'shard_restarted'
  | 'session_invalid'
  | 'whatsapp_unavailable';

export interface InstanceError {
  readonly code: InstanceErrorCode;
  readonly message: string;
  readonly at: number;
}

/** Written by the owning shard only. */
export interface InstanceStatus {
  readonly id: string;
  readonly state: InstanceState;
  readonly stateSince: number;
  readonly me: Me | null;
  readonly lastError: InstanceError | null;
  /** Reconnects since creation. */
  readonly reconnects: number;
  readonly lastInboundAt: number | null;
  readonly lastOutboundAt: number | null;
  readonly counts: InstanceCounts;
}

/** Since creation, as last stored (at changes of state and at a stop). */
export interface InstanceCounts {
  readonly received: number;
  readonly sent: number;
  readonly sendErrors: number;
}

export const noCounts: InstanceCounts = { received: 0, sent: 0, sendErrors: 0 };

export const initialStatus = (id: string, nowMs: number): InstanceStatus => ({
  id,
  state: 'created',
  stateSince: nowMs,
  me: null,
  lastError: null,
  reconnects: 0,
  lastInboundAt: null,
  lastOutboundAt: null,
  counts: noCounts,
});

/** The pairing text to show as a QR code, and until when it holds (ms since the epoch). */
export interface QrShown {
  readonly qr: string;
  readonly expiresAt: number;
}

export interface PairingCode {
  readonly code: string;
  readonly expiresAt: number;
}

export type { Party };

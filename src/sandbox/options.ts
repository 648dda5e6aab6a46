/**
 * What a user of the sandbox library may set, with defaults. Called by `sandbox.ts` and `run.ts`.
 * Bounds that nobody should change are in `limits.ts`.
 */
import { type Clock, systemClock } from '../clock.ts';
import { createLog, type Log } from '../log.ts';
import type { PastChat } from './accounts/past-chat.ts';
import type { Behaviour } from './contacts/numbers.ts';
import { limits } from './limits.ts';
import type { MediaCertificate } from './media/certificate.ts';

export interface SandboxOptions {
  readonly host?: string;
  /** Wire port (web socket). 0, the default, takes a free one. */
  readonly port?: number;
  /** Control API port. 0, the default, takes a free one. */
  readonly controlPort?: number;
  /** Where account state survives a restart. Default: memory only. */
  readonly stateFile?: string | null;
  /** Where the media server's certificate is written. Default: a new file in the temporary folder. */
  readonly caFile?: string | null;
  /** The media server's own certificate and key (PEM). Default: made at start. */
  readonly certificate?: MediaCertificate | null;
  /** Seeds contact keys and every random choice; printed by the runs that use it. Default: fixed. */
  readonly seed?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** How virtual contacts behave, overriding the rule by last digits. Null keeps the rule for a number. */
  readonly behaviour?: (number: string) => Behaviour | null;
  /** Delay before a virtual contact answers, ms. Default 0. */
  readonly replyDelayMs?: number;
  /** Addressing of messages that contacts write first. Default `pn`. */
  readonly addressing?: 'pn' | 'lid';
  /** Addressing mode of new groups. Default `lid`. */
  readonly groupAddressing?: 'pn' | 'lid';
  /** What the phone of this number had before, which a new device gets as history. Default: nothing. */
  readonly history?: (phone: string) => readonly PastChat[];
  /** Chats in one chunk of history. Default 50. */
  readonly historyChunkChats?: number;
  /** Ledger entries kept; the oldest settled ones are forgotten, and counted. Default 400,000. */
  readonly ledgerEntriesMax?: number;
  /** Whether the virtual phone of each account decrypts its copies. Default true. */
  readonly phoneDecrypts?: boolean;
  /** One-time prekeys low notification. Default true. */
  readonly preKeyNotices?: boolean;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly controlPort: number;
  readonly stateFile: string | null;
  readonly caFile: string | null;
  readonly certificate: MediaCertificate | null;
  readonly seed: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly behaviour: (number: string) => Behaviour | null;
  readonly replyDelayMs: number;
  readonly addressing: 'pn' | 'lid';
  readonly groups: { readonly addressing: 'pn' | 'lid' };
  readonly history: (phone: string) => readonly PastChat[];
  readonly historyChunkChats: number;
  readonly ledgerEntriesMax: number;
  readonly phoneDecrypts: boolean;
  readonly preKeyNotices: boolean;
}

export function resolveOptions(options: SandboxOptions): Settings {
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    controlPort: options.controlPort ?? 0,
    stateFile: options.stateFile ?? null,
    caFile: options.caFile ?? null,
    certificate: options.certificate ?? null,
    seed: options.seed ?? 'elenco-sandbox',
    clock: options.clock ?? systemClock,
    log: options.log ?? createLog('silent'),
    behaviour: options.behaviour ?? (() => null),
    replyDelayMs: options.replyDelayMs ?? 0,
    addressing: options.addressing ?? 'pn',
    groups: { addressing: options.groupAddressing ?? 'lid' },
    history: options.history ?? (() => []),
    historyChunkChats: options.historyChunkChats ?? 50,
    ledgerEntriesMax: options.ledgerEntriesMax ?? limits.ledgerEntriesMax,
    phoneDecrypts: options.phoneDecrypts ?? true,
    preKeyNotices: options.preKeyNotices ?? true,
  };
}

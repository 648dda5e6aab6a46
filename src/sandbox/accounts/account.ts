/**
 * A WhatsApp account that was paired with the sandbox: its virtual phone (device 0), its companions and
 * what the server keeps for it. Made by pairing or by the state file; contacts are not accounts.
 */
import type { SignalDevice } from '../signal/device.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import type { proto } from '../wire/proto.ts';
import type { Companion } from './companion.ts';

/** A key that app state is encrypted with; the phone shares it at first login. */
export interface AppStateKey {
  readonly id: Buffer;
  readonly data: Buffer;
}

export interface Collection {
  version: number;
  /** Encoded SyncdPatch, oldest first; index + 1 is the version it made. */
  readonly patches: Uint8Array[];
}

export class Account {
  readonly phone: string;
  readonly lid: string;
  readonly phoneDevice: SignalDevice;
  readonly appStateKey: AppStateKey;
  readonly companions = new Map<number, Companion>();
  readonly collections = new Map<string, Collection>();
  readonly blocked = new Set<string>();
  readonly privacy = new Map<string, string>();
  /** Numbers of accounts that looked this one's devices up. */
  readonly watchers = new Set<string>();
  /** Retries that the phone asked for, by message id. */
  readonly phoneRetries = new Map<string, number>();
  /** The last messages with a file that a companion sent, as the phone got them, by id. */
  readonly sentMedia = new Map<string, proto.IMessage>();
  pushName: string;
  about = 'Available';
  nextDevice = 1;
  disappearingSeconds = 0;

  constructor(phone: string, lid: string, pushName: string, phoneDevice: SignalDevice, key: AppStateKey) {
    this.phone = phone;
    this.lid = lid;
    this.pushName = pushName;
    this.phoneDevice = phoneDevice;
    this.appStateKey = key;
  }

  get pn(): string {
    return pnJid(this.phone);
  }

  get lidJid(): string {
    return lidJid(this.lid);
  }

  owns(user: string): boolean {
    return user === this.phone || user === this.lid;
  }
}

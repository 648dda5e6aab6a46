/**
 * A linked device of an account: what a Baileys socket pairs as. Keeps its public keys, its one-time
 * prekeys and what waits for it. It knows its connection only as a place to put stanzas.
 */
import type { Bundle } from '../signal/device.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import type { Node } from '../wire/node.ts';
import type { Account } from './account.ts';
import { DeliveryQueue } from './queue.ts';

/** The live end of a companion: implemented by a connection. */
export interface StanzaSink {
  send(node: Node): void;
  /** Ends the connection after what was sent is flushed. */
  end(): void;
}

export interface CompanionKeys {
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
}

export interface PublicSignedPreKey {
  readonly id: number;
  readonly publicKey: Buffer;
  readonly signature: Buffer;
}

export class Companion {
  readonly account: Account;
  readonly device: number;
  readonly keys: CompanionKeys;
  signedPreKey: PublicSignedPreKey;
  /** One-time prekeys by id; each is handed out once. */
  readonly preKeys = new Map<number, Buffer>();
  readonly queue = new DeliveryQueue();
  link: StanzaSink | null = null;
  /** Live delivery is on: login is done and the offline queue was handed over. */
  isLive = false;
  /** The first-login sequence was acknowledged. */
  isSynced = false;
  /** How many low-prekey notices are unanswered: at most one at a time. */
  isAskedForPreKeys = false;
  pushName: string | null = null;
  isAvailable = false;

  constructor(account: Account, device: number, keys: CompanionKeys, signedPreKey: PublicSignedPreKey) {
    this.account = account;
    this.device = device;
    this.keys = keys;
    this.signedPreKey = signedPreKey;
  }

  get pn(): string {
    return pnJid(this.account.phone, this.device);
  }

  get lid(): string {
    return lidJid(this.account.lid, this.device);
  }

  /** A bundle for a new session, using up one prekey when there is any. */
  takeBundle(): Bundle {
    const [next] = this.preKeys;
    if (next) this.preKeys.delete(next[0]);
    return {
      registrationId: this.keys.registrationId,
      identityKey: this.keys.identityKey,
      signedPreKey: this.signedPreKey,
      preKey: next ? { id: next[0], publicKey: next[1] } : null,
    };
  }
}

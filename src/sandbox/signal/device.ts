/**
 * One virtual device on the sandbox's side of Signal: a contact, or the phone (device 0) of an account.
 * Holds its sessions; keys come from outside, so that contacts cost nothing until used. Operations of one
 * device run one after the other: two at once on one address would reuse a message key.
 */
import {
  GroupCipher,
  GroupSessionBuilder,
  ProtocolAddress,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SessionBuilder,
  SessionCipher,
} from 'whatsapp-rust-bridge';
import { type CurvePair, typed } from './curve.ts';
import { makeStorage } from './storage.ts';

export interface SignedPreKey {
  readonly id: number;
  readonly pair: CurvePair;
  readonly signature: Buffer;
}

export interface DeviceKeys {
  readonly identity: CurvePair;
  readonly registrationId: number;
  readonly signedPreKey: SignedPreKey;
  /** The private half of a one-time prekey that was handed out, by its id. */
  readonly oneTimePair: (id: number) => CurvePair;
}

export interface Bundle {
  readonly registrationId: number;
  readonly identityKey: Uint8Array;
  readonly signedPreKey: {
    readonly id: number;
    readonly publicKey: Uint8Array;
    readonly signature: Uint8Array;
  };
  readonly preKey: { readonly id: number; readonly publicKey: Uint8Array } | null;
}

export interface Sealed {
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Uint8Array;
}

/** Bridge rejections are plain strings. */
const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));

export class SignalDevice {
  readonly keys: DeviceKeys;
  /** Session records by `user.device`. Plain bytes, so that they can be saved. */
  readonly sessions = new Map<string, Uint8Array>();
  readonly senderKeys = new Map<string, Uint8Array>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #storage;

  constructor(keys: DeviceKeys) {
    this.keys = keys;
    this.#storage = makeStorage(keys, this.sessions, this.senderKeys);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work).catch((reason: unknown) => {
      throw asError(reason);
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  hasSession(user: string, device: number): boolean {
    return this.sessions.has(`${user}.${device}`);
  }

  dropSession(user: string, device: number): void {
    this.sessions.delete(`${user}.${device}`);
  }

  /** Starts a session from a bundle, replacing the present one. Fails on a bad signed-prekey signature. */
  establish(user: string, device: number, bundle: Bundle): Promise<void> {
    return this.#exclusive(() => this.#begin(user, device, bundle));
  }

  async #begin(user: string, device: number, bundle: Bundle): Promise<void> {
    const builder = new SessionBuilder(this.#storage, new ProtocolAddress(user, device));
    try {
      await builder.processPreKeyBundle(bridgeBundle(bundle));
    } finally {
      builder.free();
    }
  }

  /** `bundle` is asked for when there is no session yet. */
  encrypt(user: string, device: number, plain: Uint8Array, bundle?: () => Bundle): Promise<Sealed> {
    return this.#exclusive(async () => {
      if (bundle && !this.hasSession(user, device)) await this.#begin(user, device, bundle());
      const cipher = new SessionCipher(this.#storage, new ProtocolAddress(user, device));
      try {
        const sealed = await cipher.encrypt(plain);
        return { type: sealed.type === 3 ? 'pkmsg' : 'msg', ciphertext: sealed.body };
      } finally {
        cipher.free();
      }
    });
  }

  decrypt(user: string, device: number, type: string, ciphertext: Uint8Array): Promise<Uint8Array> {
    return this.#exclusive(async () => {
      const cipher = new SessionCipher(this.#storage, new ProtocolAddress(user, device));
      try {
        if (type === 'pkmsg') return await cipher.decryptPreKeyWhisperMessage(ciphertext);
        return await cipher.decryptWhisperMessage(ciphertext);
      } finally {
        cipher.free();
      }
    });
  }

  /** Encrypts for a group; the distribution message lets a member's device read this and what follows. */
  encryptGroup(group: string, self: string, device: number, plain: Uint8Array) {
    return this.#exclusive(async () => {
      const address = new ProtocolAddress(self, device);
      const builder = new GroupSessionBuilder(this.#storage);
      const cipher = new GroupCipher(this.#storage, group, address);
      try {
        const distribution = (await builder.create(new SenderKeyName(group, address))).serialize();
        return { ciphertext: await cipher.encrypt(plain), distribution };
      } finally {
        cipher.free();
        builder.free();
      }
    });
  }

  decryptGroup(group: string, user: string, device: number, ciphertext: Uint8Array): Promise<Uint8Array> {
    return this.#exclusive(async () => {
      const cipher = new GroupCipher(this.#storage, group, new ProtocolAddress(user, device));
      try {
        return await cipher.decrypt(ciphertext);
      } finally {
        cipher.free();
      }
    });
  }

  learnSenderKey(group: string, user: string, device: number, distribution: Uint8Array): Promise<void> {
    return this.#exclusive(async () => {
      const builder = new GroupSessionBuilder(this.#storage);
      const name = new SenderKeyName(group, new ProtocolAddress(user, device));
      try {
        await builder.process(name, SenderKeyDistributionMessage.deserialize(distribution));
      } finally {
        builder.free();
      }
    });
  }
}

function bridgeBundle(bundle: Bundle) {
  const { signedPreKey, preKey } = bundle;
  return {
    registrationId: bundle.registrationId,
    identityKey: typed(bundle.identityKey),
    signedPreKey: {
      keyId: signedPreKey.id,
      publicKey: typed(signedPreKey.publicKey),
      signature: signedPreKey.signature,
    },
    preKey: preKey ? { keyId: preKey.id, publicKey: typed(preKey.publicKey) } : undefined,
  };
}

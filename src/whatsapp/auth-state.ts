/**
 * An account's credentials in the store. Loaded before a socket is made (a read error rejects: it is never
 * "not paired"), saved in order after every change; `saved()` tells when the state of now is durable, and
 * the frame gate keeps frames back until then. Never deletes credentials: that is the shard's decision.
 */
import { type AuthenticationCreds, BufferJSON, initAuthCreds, proto } from '@whiskeysockets/baileys';
import type { Store } from '../store/ports.ts';
import { ownBytes, withOwnBytes } from './own-bytes.ts';

/** Baileys only asks whether there are any. */
const historyMarksMax = 16;

export function encodeCreds(creds: AuthenticationCreds): Uint8Array {
  const processedHistoryMessages = creds.processedHistoryMessages.slice(-historyMarksMax);
  return Buffer.from(JSON.stringify({ ...creds, processedHistoryMessages }, BufferJSON.replacer), 'utf8');
}

export function decodeCreds(bytes: Uint8Array): AuthenticationCreds {
  const text = Buffer.from(bytes).toString('utf8');
  const creds = withOwnBytes(JSON.parse(text, BufferJSON.reviver)) as AuthenticationCreds;
  if (creds.account) creds.account = proto.ADVSignedDeviceIdentity.fromObject(creds.account);
  return creds;
}

/**
 * A pairing code sets `me` before the phone confirmed it; without an account signature such credentials
 * would try a login that is refused, so they are thrown away.
 */
const isUsable = (creds: AuthenticationCreds): boolean => !creds.me || creds.account !== undefined;

export async function loadCreds(store: Store, instance: string): Promise<AuthenticationCreds> {
  const bytes = await store.sessions.creds(instance);
  const stored = bytes && decodeCreds(bytes);
  return stored && isUsable(stored) ? stored : initAuthCreds();
}

export class CredsKeeper {
  readonly creds: AuthenticationCreds;
  private readonly store: Store;
  private readonly instance: string;
  private saving: Promise<void> | undefined;
  private isStale = false;

  constructor(store: Store, instance: string, creds: AuthenticationCreds) {
    this.store = store;
    this.instance = instance;
    this.creds = creds;
  }

  /** While defined, changed credentials are not durable yet. */
  get pending(): Promise<void> | undefined {
    return this.saving;
  }

  /** The routing of the next connection comes in a pooled buffer. */
  keepRouting(): void {
    const { routingInfo } = this.creds;
    if (routingInfo) this.creds.routingInfo = ownBytes(routingInfo);
  }

  /** Saves the credentials as they are now; calls while a save runs are one further save. */
  save(): Promise<void> {
    this.isStale = true;
    this.saving ??= this.saveAll().finally(() => {
      this.saving = undefined;
    });
    return this.saving;
  }

  private async saveAll(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.store.commit([{ to: 'creds', instance: this.instance, value: encodeCreds(this.creds) }]);
    }
  }
}

/**
 * An account's credentials in the store. Loaded before a socket is made (a read error rejects: it is never
 * "not paired"), saved in order after every change; `saved()` tells when the state of now is durable, and
 * the frame gate keeps frames back until then. Never deletes credentials: that is the shard's decision.
 */
import { isDeepStrictEqual } from 'node:util';
import { type AuthenticationCreds, initAuthCreds, proto } from '@whiskeysockets/baileys';
import { yieldTurn } from '../clock.ts';
import type { Store } from '../store/ports.ts';
import { ownBytes } from './own-bytes.ts';

/** Baileys only asks whether there are any. */
const historyMarksMax = 16;

interface TaggedBytes {
  readonly type: 'Buffer';
  readonly data: string;
}

const isTagged = (value: object): value is TaggedBytes =>
  'type' in value && value.type === 'Buffer' && 'data' in value && typeof value.data === 'string';

const mapped = (value: object, one: (member: unknown) => unknown): object =>
  Object.fromEntries(Object.entries(value).map(([key, member]) => [key, one(member)]));

/** As `BufferJSON.replacer` writes it, but without the array of numbers that `Buffer.toJSON` makes before. */
function tagged(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return {
      type: 'Buffer',
      data: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'),
    };
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(tagged);
  return 'toJSON' in value && typeof value.toJSON === 'function'
    ? tagged(value.toJSON())
    : mapped(value, tagged);
}

/** Every byte string with memory of its own. */
function untagged(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(untagged);
  return isTagged(value) ? ownBytes(Buffer.from(value.data, 'base64')) : mapped(value, untagged);
}

export function encodeCreds(creds: AuthenticationCreds): Uint8Array {
  const processedHistoryMessages = creds.processedHistoryMessages.slice(-historyMarksMax);
  return Buffer.from(JSON.stringify(tagged({ ...creds, processedHistoryMessages })), 'utf8');
}

export function decodeCreds(bytes: Uint8Array): AuthenticationCreds {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const creds = untagged(JSON.parse(text)) as AuthenticationCreds;
  if (creds.account) creds.account = proto.ADVSignedDeviceIdentity.fromObject(creds.account);
  return creds;
}

/**
 * A pairing code sets `me` before the phone confirmed it; without an account signature such credentials
 * would try a login that is refused, so they are thrown away.
 */
const isUsable = (creds: AuthenticationCreds): boolean => !creds.me || creds.account !== undefined;

/** What is stored, or fresh credentials, which are not stored before they change. */
export async function loadCreds(store: Store, instance: string): Promise<CredsKeeper> {
  const bytes = await store.sessions.creds(instance);
  const stored = bytes && decodeCreds(bytes);
  const isKnown = stored !== undefined && isUsable(stored);
  return new CredsKeeper(store, instance, isKnown ? stored : initAuthCreds(), isKnown);
}

/** Baileys replaces members and never changes what is inside one: a shallow copy keeps what they were. */
const isSame = (saved: AuthenticationCreds, now: AuthenticationCreds): boolean =>
  (Object.keys(now) as (keyof AuthenticationCreds)[]).every(
    (key) => saved[key] === now[key] || isDeepStrictEqual(saved[key], now[key]),
  );

export class CredsKeeper {
  readonly creds: AuthenticationCreds;
  private readonly store: Store;
  private readonly instance: string;
  private saving: Promise<void> | undefined;
  private isStale = false;
  /** As they are stored; undefined where that is not known. */
  private saved: AuthenticationCreds | undefined;

  constructor(store: Store, instance: string, creds: AuthenticationCreds, isStored: boolean) {
    this.store = store;
    this.instance = instance;
    this.creds = creds;
    this.saved = isStored ? { ...creds } : undefined;
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

  /**
   * Saves the credentials as they are now; calls of one turn, and while a save runs, are one further save.
   * Baileys tells half of its changes a second time: what is stored already is not written again.
   */
  save(): Promise<void> {
    if (!this.saving && this.saved && isSame(this.saved, this.creds)) return Promise.resolve();
    this.isStale = true;
    this.saving ??= this.saveAll().finally(() => {
      this.saving = undefined;
    });
    return this.saving;
  }

  private async saveAll(): Promise<void> {
    while (this.isStale) {
      await yieldTurn();
      this.isStale = false;
      const saved = { ...this.creds };
      this.saved = undefined;
      await this.store.commit([{ to: 'creds', instance: this.instance, value: encodeCreds(saved) }]);
      this.saved = saved;
      this.isStale &&= !isSame(saved, this.creds);
    }
  }
}

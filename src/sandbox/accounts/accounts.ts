/**
 * All accounts, found by number, by LID or by the noise key of a companion. Everyone reads it; pairing,
 * logout and the state file change it. It knows nothing about contacts.
 */
import { createHmac } from 'node:crypto';
import { lidOf } from '../contacts/numbers.ts';
import { deriveKeys } from '../signal/derived-keys.ts';
import { SignalDevice } from '../signal/device.ts';
import { parseJid } from '../wire/jid.ts';
import { Account } from './account.ts';
import type { Companion } from './companion.ts';

export class Accounts {
  readonly #secret: Uint8Array;
  readonly #byUser = new Map<string, Account>();
  readonly #byNoiseKey = new Map<string, Companion>();

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The account of that number, made on first use. Its keys follow from the number. */
  ensure(phone: string, pushName = `Phone ${phone.slice(-4)}`): Account {
    const known = this.#byUser.get(phone);
    if (known) return known;
    const digest = createHmac('sha256', this.#secret).update(`app-state:${phone}`).digest();
    const key = { id: Buffer.concat([Buffer.alloc(4), digest.subarray(0, 2)]), data: digest };
    const device = new SignalDevice(deriveKeys(this.#secret, phone));
    const account = new Account(phone, lidOf(phone), pushName, device, key);
    this.#byUser.set(account.phone, account);
    this.#byUser.set(account.lid, account);
    return account;
  }

  /** By number or LID user. */
  find(user: string): Account | null {
    return this.#byUser.get(user) ?? null;
  }

  byJid(jid: string): Account | null {
    return this.find(parseJid(jid).user);
  }

  byNoiseKey(key: Uint8Array): Companion | null {
    return this.#byNoiseKey.get(Buffer.from(key).toString('base64')) ?? null;
  }

  add(companion: Companion): void {
    companion.account.companions.set(companion.device, companion);
    this.#byNoiseKey.set(companion.keys.noiseKey.toString('base64'), companion);
  }

  remove(companion: Companion): void {
    companion.account.companions.delete(companion.device);
    this.#byNoiseKey.delete(companion.keys.noiseKey.toString('base64'));
  }

  all(): Account[] {
    return [...this.#byUser]
      .filter(([user, account]) => user === account.phone)
      .map(([, account]) => account);
  }

  companions(): Companion[] {
    return [...this.#byNoiseKey.values()];
  }
}

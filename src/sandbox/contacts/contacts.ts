/**
 * Virtual contacts, made from the number rule on first use. A contact holds Signal sessions only; its
 * keys follow from its number. Asked by relay, directory queries, groups and the control API.
 */
import { deriveKeys } from '../signal/derived-keys.ts';
import { SignalDevice } from '../signal/device.ts';
import { lidJid, parseJid, pnJid } from '../wire/jid.ts';
import type { World } from '../world.ts';
import { type Behaviour, behaviourOf, canonicalNumber, lidOf, numberOfLid } from './numbers.ts';

export class Contact {
  readonly number: string;
  readonly lid: string;
  readonly behaviour: Behaviour;
  device: SignalDevice;
  /** Counts re-installations: each has another identity. */
  generation = 0;
  readonly retries = new Map<string, number>();
  /** Group and device pairs that have this contact's sender key. */
  readonly sharedKeys = new Set<string>();
  /** The last message to a group that is under way. */
  groupTurn: Promise<void> = Promise.resolve();

  constructor(number: string, behaviour: Behaviour, device: SignalDevice) {
    this.number = number;
    this.lid = lidOf(number);
    this.behaviour = behaviour;
    this.device = device;
  }

  get name(): string {
    return `Contact ${this.number.slice(-4)}`;
  }

  get pn(): string {
    return pnJid(this.number);
  }

  get lidJid(): string {
    return lidJid(this.lid);
  }
}

export class Contacts {
  readonly #world: World;
  readonly #used = new Map<string, Contact>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The contact of a canonical number; null where the number does not exist. */
  find(number: string): Contact | null {
    const known = this.#used.get(number);
    if (known) return known;
    if (canonicalNumber(number) !== number) return null;
    const device = new SignalDevice(deriveKeys(this.#world.secret, number));
    const contact = new Contact(number, behaviourOf(number, this.#world.settings.behaviour), device);
    this.#used.set(number, contact);
    return contact;
  }

  /** By any JID: phone number or LID, with or without device. */
  byJid(jid: string): Contact | null {
    const { user, server } = parseJid(jid);
    const number = server === 'lid' ? numberOfLid(user) : user;
    return number === null ? null : this.find(number);
  }

  /** Gives the contact a new identity, as after a re-installation. */
  reinstall(contact: Contact): void {
    contact.generation += 1;
    const keys = deriveKeys(this.#world.secret, contact.number, contact.generation);
    contact.device = new SignalDevice(keys);
    contact.sharedKeys.clear();
    this.#world.changed();
  }

  used(): Contact[] {
    return [...this.#used.values()];
  }
}

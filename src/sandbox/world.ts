/**
 * Everything that one sandbox holds, handed to every room as the first argument. Made by `sandbox.ts`.
 * Rooms reach each other through it and keep no state of their own at module level.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { Accounts } from './accounts/accounts.ts';
import { PairingDesk } from './accounts/pairing-desk.ts';
import type { Call } from './calls/calls.ts';
import type { Connection } from './connections/connection.ts';
import { Contacts } from './contacts/contacts.ts';
import { ReceivedMessages } from './contacts/received.ts';
import type { ControlRoute } from './control/server.ts';
import { Counters } from './counters.ts';
import { Door } from './faults/door.ts';
import { seededRandom } from './faults/random.ts';
import { StanzaRules } from './faults/stanza-rules.ts';
import { Groups } from './groups/groups.ts';
import { Ledger } from './ledger.ts';
import type { PhoneMode } from './media/media-retry.ts';
import { MediaStore } from './media/store.ts';
import { SeenIds } from './messages/seen-ids.ts';
import { SentCache } from './messages/sent-cache.ts';
import { Newsletters } from './newsletters/newsletters.ts';
import type { Settings } from './options.ts';
import { Presence } from './presence/presence.ts';
import { Pictures } from './profiles/pictures.ts';
import { makeServerKeys, type ServerKeys } from './wire/certificates.ts';

export class World {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** Follows from the seed: contact keys, certificates, the phones' keys. */
  readonly secret: Buffer;
  readonly serverKeys: ServerKeys;
  readonly accounts: Accounts;
  readonly contacts: Contacts;
  readonly groups = new Groups();
  readonly pairing = new PairingDesk();
  readonly connections = new Set<Connection>();
  readonly counters = new Counters();
  readonly ledger: Ledger;
  readonly sent = new SentCache();
  readonly seen = new SeenIds();
  readonly newsletters = new Newsletters();
  readonly presence = new Presence();
  readonly pictures = new Pictures();
  readonly calls = new Map<string, Call>();
  readonly door: Door;
  readonly rules: StanzaRules;
  readonly media = new MediaStore();
  readonly received = new ReceivedMessages();
  /** What phones do when they are asked to upload a file again. */
  phoneMode: PhoneMode = 'uploads';
  /** Host and port of the media server. */
  mediaHost = '';
  /** Routes that `run.ts` adds to the control API. */
  readonly extraRoutes = new Map<string, ControlRoute>();
  /** Account state changed since the state file was written. */
  isDirty = false;
  isStopping = false;
  #nextPreKey = 1;
  #nextId = 1;
  #nextPhone = 1;

  constructor(settings: Settings) {
    this.settings = settings;
    this.clock = settings.clock;
    this.log = settings.log;
    this.secret = createHash('sha256').update(`sandbox:${settings.seed}`).digest();
    this.serverKeys = makeServerKeys(this.secret, this.clock.now());
    this.ledger = new Ledger(settings.ledgerEntriesMax);
    this.accounts = new Accounts(this.secret);
    this.contacts = new Contacts(this);
    this.door = new Door(this.clock);
    this.rules = new StanzaRules(this.clock, seededRandom(settings.seed), (effect, account, stanza) => {
      this.counters.add('faults', account);
      this.log.info({ fault: effect, account, tag: stanza.tag, id: stanza.attrs['id'] }, 'fault');
    });
  }

  changed(): void {
    this.isDirty = true;
  }

  nowSeconds(): string {
    return String(Math.floor(this.clock.now() / 1000));
  }

  /** Ids of one-time prekeys that virtual devices hand out: 24 bits, never 0. */
  takePreKeyId(): number {
    this.#nextPreKey = (this.#nextPreKey % 0xfffffe) + 1;
    return this.#nextPreKey;
  }

  /** Id of a stanza that the server makes. */
  stanzaId(prefix = 'SB'): string {
    const stamp = Math.floor(this.clock.now() / 1000).toString(16);
    return `${prefix}${stamp}${(this.#nextId++).toString(16).padStart(6, '0')}`.toUpperCase();
  }

  /** A free number for a phone of the sandbox: 55 11 9 7xxx xxx1. */
  takePhone(): string {
    for (;;) {
      const phone = `5511970${String(this.#nextPhone++).padStart(5, '0')}1`;
      if (!this.accounts.find(phone)) return phone;
    }
  }

  /** Restored with the state file, so that prekey ids are not used twice. */
  get preKeyMark(): number {
    return this.#nextPreKey;
  }

  set preKeyMark(value: number) {
    this.#nextPreKey = value;
  }
}

/**
 * The sandbox as a library: starts a WhatsApp server on loopback, plays the phone, speaks as contacts.
 * Used by tests, benches and `run.ts`. It never talks to the gateway except over the wire.
 */

import type { Paired } from './accounts/pair-success.ts';
import { typeCode } from './accounts/pairing-code.ts';
import { scanQr } from './accounts/pairing-qr.ts';
import { sendFromPhone } from './accounts/phone-send.ts';
import { connectionEvents } from './connections/events.ts';
import { type Listening, startWireServer } from './connections/wire-server.ts';
import { openMedia } from './contacts/open-media.ts';
import type { ReceivedMessage } from './contacts/received.ts';
import { asMessage, type Content, Speaker } from './contacts/speaker.ts';
import { type WritingOptions, type Written, writeAtRate } from './contacts/writing.ts';
import { startControl } from './control/server.ts';
import { Faults } from './faults/faults.ts';
import { runScript, type ScriptedFault, type ScriptOptions } from './faults/script.ts';
import type { LedgerEntry, LedgerFilter } from './ledger.ts';
import { makeCertificate, writeCertificate } from './media/certificate.ts';
import { startMediaServer } from './media/media-server.ts';
import { resolveOptions, type SandboxOptions } from './options.ts';
import { accountOf, contactOf } from './people.ts';
import { StateFile } from './state-file.ts';
import { type Stats, statsOf } from './stats.ts';
import { proto } from './wire/proto.ts';
import { World } from './world.ts';

interface Parts {
  readonly wire: Listening;
  readonly control: Listening;
  readonly media: Listening;
  readonly state: StateFile | null;
  readonly ca: string;
  readonly caFile: string;
}

export class Sandbox {
  readonly world: World;
  readonly #listening: Listening[];
  readonly #state: StateFile | null;
  readonly faults: Faults;
  readonly url: string;
  readonly controlUrl: string;

  /** PEM file to trust for media: `NODE_EXTRA_CA_CERTS` of the gateway. */
  readonly caFile: string;
  /** The same certificate as text, for a dispatcher in this process. */
  readonly ca: string;

  constructor(world: World, parts: Parts) {
    const { wire, control, media, state } = parts;
    const { host } = world.settings;
    this.world = world;
    this.faults = new Faults(world);
    this.#listening = [wire, control, media];
    this.ca = parts.ca;
    this.caFile = parts.caFile;
    this.#state = state;
    this.url = `ws://${host}:${wire.port}/ws/chat`;
    this.controlUrl = `http://${host}:${control.port}`;
  }

  /** 64 hex digits for `WA_ROOT_KEY`. */
  get rootKey(): string {
    return this.world.serverKeys.rootKey;
  }

  /** Scans a QR with a phone; without `phone`, with the next number of the sandbox's own range. */
  scan(qr: string, options: { readonly phone?: string } = {}): Promise<Paired> {
    return scanQr(this.world, qr, options.phone ?? this.world.takePhone());
  }

  /** Types a pairing code on a phone; waits until a connection asked for that phone. */
  enterCode(phone: string, code: string): Promise<Paired> {
    return typeCode(this.world, phone, code);
  }

  /** A virtual contact: writes, types, calls, makes groups. Throws where the number does not exist. */
  contact(number: string): Speaker {
    return new Speaker(this.world, contactOf(this.world, number));
  }

  /** A contact writes to an account or a group; resolves with the message id when every copy is queued. */
  sendFrom(contact: string, to: string, content: Content): Promise<string> {
    return this.contact(contact).write(to, content);
  }

  /** What a contact decrypted, the newest last; the last few hundred of all contacts are kept. */
  receivedBy(contact: string): readonly ReceivedMessage[] {
    return this.world.received.of(contactOf(this.world, contact).number);
  }

  /** A message that an account's companions were sent, by its id. */
  messageTo(phone: string, id: string): proto.IMessage | null {
    const companions = accountOf(this.world, phone).companions.values();
    const [sent] = [...companions].flatMap((companion) => this.world.sent.find(id, companion) ?? []);
    return sent ? proto.Message.decode(sent.plain) : null;
  }

  /** The plain file of a message with media. */
  fileOf(message: proto.IMessage): Buffer | null {
    return openMedia(this.world, message);
  }

  stats(): Stats {
    return statsOf(this.world);
  }

  ledger(filter: LedgerFilter = {}): LedgerEntry[] {
    return this.world.ledger.find(filter);
  }

  /** Ends the TCP connections of one account, or of all, without a word. Returns how many. */
  dropConnections(phone?: string): number {
    return this.faults.close('drop', phone);
  }

  /** The owner of an account writes on the phone; its companions get their copies. */
  sendFromPhone(phone: string, to: string, content: Content): Promise<string> {
    return sendFromPhone(this.world, accountOf(this.world, phone), to, asMessage(content));
  }

  /** Contacts write to these accounts at a set rate; resolves when the time is over. */
  writeAtRate(options: WritingOptions): Promise<Written> {
    return writeAtRate(this.world, options);
  }

  /** Random faults by seed until the time is over. */
  runFaults(options: ScriptOptions): Promise<ScriptedFault[]> {
    return runScript(this.world, this.faults, options);
  }

  async stop(): Promise<void> {
    this.world.isStopping = true;
    await Promise.all(this.#listening.map((listening) => listening.stop()));
    await this.#state?.close();
  }
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = resolveOptions(options);
  const world = new World(settings);
  const state = settings.stateFile === null ? null : await StateFile.open(world, settings.stateFile);
  const wire = await startWireServer(world, connectionEvents(world));
  const certificate = settings.certificate ?? (await makeCertificate(settings.host));
  const media = await startMediaServer(world, certificate);
  world.mediaHost = `${settings.host}:${media.port}`;
  const caFile = await writeCertificate(certificate.cert, settings.caFile);
  const ready = Promise.withResolvers<Sandbox>();
  const control = await startControl(world, ready.promise);
  const parts = { wire, control, media, state, ca: certificate.cert, caFile };
  const sandbox = new Sandbox(world, parts);
  ready.resolve(sandbox);
  world.log.info(
    { url: sandbox.url, control: sandbox.controlUrl, rootKey: sandbox.rootKey },
    'sandbox listens',
  );
  return sandbox;
}

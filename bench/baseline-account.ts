/**
 * One WhatsApp account over stock Baileys, written as its documentation shows: default Signal repository,
 * keys in memory, a new socket whenever the last one closed. What the gateway is compared with.
 */
import {
  type AuthenticationCreds,
  BufferJSON,
  type GroupMetadata,
  initAuthCreds,
  makeWASocket,
  type SignalKeyStore,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import { silentLogger } from '../src/whatsapp/logger.ts';
import { jsonKeys } from './baseline-keys.ts';

export interface BaselineHooks {
  onQr(qr: string): void;
  onOpen(): void;
  onMessage(message: WAMessage): void;
}

interface Saved {
  readonly creds: AuthenticationCreds;
  readonly values: readonly (readonly [string, string])[];
}

interface NodeWithAttrs {
  readonly attrs: Readonly<Record<string, string>>;
}

export class BaselineAccount {
  readonly #url: string;
  readonly #hooks: BaselineHooks;
  readonly #creds: AuthenticationCreds;
  readonly #values: Map<string, string>;
  readonly #keys: SignalKeyStore;
  readonly #groups = new Map<string, GroupMetadata>();
  readonly #acks = new Map<string, (code: string | undefined) => void>();
  #sock: WASocket | null = null;
  #isWanted = true;
  isOpen = false;

  /** `saved` is what `saved()` gave before. */
  constructor(url: string, hooks: BaselineHooks, saved?: string) {
    this.#url = url;
    this.#hooks = hooks;
    const found = saved === undefined ? null : (JSON.parse(saved, BufferJSON.reviver) as Saved);
    this.#creds = found?.creds ?? initAuthCreds();
    this.#values = new Map(found?.values);
    this.#keys = jsonKeys(this.#values);
  }

  saved(): string {
    return JSON.stringify({ creds: this.#creds, values: [...this.#values] }, BufferJSON.replacer);
  }

  get phone(): string {
    return this.#creds.me?.id.split(/[:@]/)[0] ?? '';
  }

  connect(): void {
    this.#isWanted = true;
    const sock = makeWASocket({
      auth: { creds: this.#creds, keys: this.#keys },
      waWebSocketUrl: this.#url,
      logger: silentLogger,
      browser: ['Baseline', 'Chrome', '1.0.0'],
      markOnlineOnConnect: false,
      syncFullHistory: false,
      cachedGroupMetadata: async (jid) => this.#groups.get(jid),
    });
    this.#sock = sock;
    sock.ev.on('connection.update', ({ qr, connection }) => {
      if (qr) this.#hooks.onQr(qr);
      if (connection === 'open') this.#opened();
      if (connection === 'close') this.#closed();
    });
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages)
        if (!message.key.fromMe && message.message) this.#hooks.onMessage(message);
    });
    sock.ws.on('CB:ack,class:message', ({ attrs }: NodeWithAttrs) => this.#acknowledged(attrs));
  }

  disconnect(): void {
    this.#isWanted = false;
    void this.#sock?.end(undefined);
  }

  /** Resolves when the server has acknowledged the message. */
  async send(jid: string, text: string): Promise<string> {
    const sock = this.#sock;
    if (!sock || !this.isOpen) throw new Error('not open');
    if (jid.endsWith('@g.us') && !this.#groups.has(jid)) this.#groups.set(jid, await sock.groupMetadata(jid));
    const sent = await sock.sendMessage(jid, { text });
    const id = sent?.key.id ?? '';
    const code = await new Promise<string | undefined>((resolve) => this.#acks.set(id, resolve));
    if (code !== undefined) throw new Error(`refused: ${code}`);
    return id;
  }

  #acknowledged(attrs: Readonly<Record<string, string>>): void {
    const id = attrs['id'] ?? '';
    this.#acks.get(id)?.(attrs['error']);
    this.#acks.delete(id);
  }

  #opened(): void {
    this.isOpen = true;
    this.#hooks.onOpen();
  }

  #closed(): void {
    this.isOpen = false;
    if (this.#isWanted) this.connect();
  }
}

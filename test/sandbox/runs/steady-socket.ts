/**
 * A Baileys socket that stays connected whatever happens, for long runs: reopens after every close that is
 * not a logout, and has its own watchdog, because rc14 reports nothing for a refused upgrade.
 */
import makeWASocket, {
  type ConnectionState,
  type proto,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { memoryAuth } from '../support/memory-auth.ts';
import { closeCode, textOf } from '../support/phone-socket.ts';

const connectWatchdogMs = 5_000;
const reopenMs = 100;
const quiet = pino({ level: 'silent' });

export class SteadySocket {
  readonly phone: string;
  readonly received = new Map<string, number>();
  readonly texts = new Set<string>();
  readonly #sandbox: Sandbox;
  readonly #auth = memoryAuth();
  readonly #sent = new Map<string, proto.IMessage>();
  readonly #whenOpen: Array<() => void> = [];
  #sock: WASocket;
  #watchdog: NodeJS.Timeout | null = null;
  #isStopped = false;
  isOpen = false;
  reconnects = -1;
  isLoggedOut = false;

  constructor(sandbox: Sandbox, phone: string) {
    this.#sandbox = sandbox;
    this.phone = phone;
    this.#sock = this.#open();
  }

  #open(): WASocket {
    const sock = makeWASocket({
      auth: this.#auth,
      waWebSocketUrl: this.#sandbox.url,
      logger: quiet,
      markOnlineOnConnect: false,
      connectTimeoutMs: 5_000,
      keepAliveIntervalMs: 5_000,
      retryRequestDelayMs: 20,
      getMessage: async (key) => this.#sent.get(key.id ?? ''),
    });
    sock.ev.on('creds.update', (update) => void Object.assign(this.#auth.creds, update));
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) this.#receive(message);
    });
    sock.ev.on('connection.update', (update) => this.#update(sock, update));
    this.#watchdog = setTimeout(() => this.#giveUp(sock), connectWatchdogMs);
    this.#sock = sock;
    return sock;
  }

  /** No open within the watchdog's time: ends the socket, or just makes another. */
  #giveUp(sock: WASocket): void {
    if (this.isOpen || this.#isStopped || sock !== this.#sock) return;
    sock.ev.removeAllListeners('connection.update');
    sock.end(undefined).catch(() => undefined);
    this.#open();
  }

  #update(sock: WASocket, update: Partial<ConnectionState>): void {
    if (sock !== this.#sock) return;
    if (update.qr !== undefined) {
      this.#sandbox.scan(update.qr, { phone: this.phone }).catch(() => undefined);
    }
    if (update.connection === 'open') this.#opened();
    if (update.connection === 'close') this.#closed(closeCode(update) ?? 0);
  }

  #opened(): void {
    this.isOpen = true;
    this.reconnects += 1;
    if (this.#watchdog) clearTimeout(this.#watchdog);
    for (const resolve of this.#whenOpen.splice(0)) resolve();
  }

  #closed(code: number): void {
    this.isOpen = false;
    if (this.#watchdog) clearTimeout(this.#watchdog);
    this.isLoggedOut = code === 401;
    if (this.#isStopped || this.isLoggedOut) return;
    setTimeout(() => this.#isStopped || this.#open(), code === 515 ? 0 : reopenMs);
  }

  #receive(message: WAMessage): void {
    const id = message.key.id ?? '';
    if (!message.message) return;
    this.received.set(id, (this.received.get(id) ?? 0) + 1);
    if (message.key.fromMe !== true) this.texts.add(textOf(message));
  }

  whenOpen(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenOpen.push(resolve);
    });
  }

  get sock(): WASocket {
    return this.#sock;
  }

  /** The id, or null where the connection was gone. */
  async send(to: string, text: string): Promise<string | null> {
    if (!this.isOpen) return null;
    try {
      const message = await this.#sock.sendMessage(to, { text });
      if (message?.message) this.#sent.set(message.key.id ?? '', message.message);
      return message?.key.id ?? null;
    } catch {
      return null;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#watchdog) clearTimeout(this.#watchdog);
    await this.#sock.end(undefined);
  }
}

/**
 * A real, unmodified Baileys socket against a sandbox: pairs by QR, reconnects after 515, records its
 * events. The gateway is not involved.
 */
import makeWASocket, {
  type AnyMessageContent,
  type ConnectionState,
  type UserFacingSocketConfig,
  type WAMessage,
  type WAMessageUpdate,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { type MemoryAuth, memoryAuth } from './memory-auth.ts';
import { Tape } from './waiting.ts';

/** libsignal prints session objects with private keys. */
for (const name of ['info', 'warn', 'error', 'log'] as const) {
  const original = console[name].bind(console);
  console[name] = (...values: unknown[]): void => {
    const text = String(values[0]);
    if (/session|Session|prekey|decrypt|MAC/.test(text)) return;
    original(...values);
  };
}

export interface Upsert {
  readonly type: string;
  readonly message: WAMessage;
}

export interface PhoneSocketOptions {
  readonly phone?: string;
  readonly auth?: MemoryAuth;
  /** Scan the QR at once. Default true. */
  readonly scans?: boolean;
  readonly config?: Partial<UserFacingSocketConfig>;
}

export class PhoneSocket {
  readonly sandbox: Sandbox;
  readonly auth: MemoryAuth;
  readonly connection = new Tape<Partial<ConnectionState>>();
  readonly upserts = new Tape<Upsert>();
  readonly updates = new Tape<WAMessageUpdate>();
  readonly events = new Tape<{ readonly name: string; readonly value: unknown }>();
  readonly sent = new Map<string, WAMessage>();
  readonly #options: PhoneSocketOptions;
  sock: WASocket;
  isClosed = false;

  constructor(sandbox: Sandbox, options: PhoneSocketOptions = {}) {
    this.sandbox = sandbox;
    this.auth = options.auth ?? memoryAuth();
    this.#options = options;
    this.sock = this.open();
  }

  open(): WASocket {
    const sock = makeWASocket({
      auth: this.auth,
      waWebSocketUrl: this.sandbox.url,
      logger: pino({ level: process.env['BAILEYS_LOG'] ?? 'silent' }),
      markOnlineOnConnect: false,
      syncFullHistory: false,
      getMessage: async (key) => this.sent.get(key.id ?? '')?.message ?? undefined,
      ...this.#options.config,
    });
    sock.ev.process((events) => {
      for (const [name, value] of Object.entries(events)) this.events.push({ name, value });
    });
    sock.ev.on('creds.update', (update) => void Object.assign(this.auth.creds, update));
    sock.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) this.upserts.push({ type, message });
    });
    sock.ev.on('messages.update', (updates) => {
      for (const update of updates) this.updates.push(update);
    });
    sock.ev.on('connection.update', (update) => this.#connection(update));
    this.sock = sock;
    return sock;
  }

  #connection(update: Partial<ConnectionState>): void {
    this.connection.push(update);
    if (update.qr !== undefined && this.#options.scans !== false) {
      const { phone } = this.#options;
      this.sandbox.scan(update.qr, phone === undefined ? {} : { phone }).catch(() => undefined);
    }
    if (closeCode(update) === 515 && !this.isClosed) this.open();
  }

  /** Resolves when the connection is open for the `nth` time. */
  async whenOpen(nth = 1): Promise<this> {
    await this.connection.count(nth, ({ connection }) => connection === 'open', 'open connection');
    return this;
  }

  /** The status code of the first close that is not the restart after pairing. */
  async whenClosed(): Promise<number> {
    const update = await this.connection.find(
      (candidate) => candidate.connection === 'close' && closeCode(candidate) !== 515,
      'closed connection',
    );
    return closeCode(update) ?? 0;
  }

  async send(to: string, content: string | AnyMessageContent): Promise<string> {
    const message = await this.sock.sendMessage(
      to,
      typeof content === 'string' ? { text: content } : content,
    );
    if (!message) throw new Error('nothing was sent');
    this.sent.set(message.key.id ?? '', message);
    return message.key.id ?? '';
  }

  /** Resolves when a sent message has at least that status, however Baileys reports it. */
  whenStatus(id: string, status: number): Promise<unknown> {
    const isIn = (candidate: { key: { id?: string | null } }, seen: unknown): boolean =>
      candidate.key.id === id && Number(seen ?? 0) >= status;
    return this.events.find(({ name, value }) => {
      if (name === 'messages.update') {
        return (value as WAMessageUpdate[]).some((update) => isIn(update, update.update.status));
      }
      if (name !== 'messages.upsert') return false;
      return (value as { messages: WAMessage[] }).messages.some((message) => isIn(message, message.status));
    }, `status ${status} of ${id}`);
  }

  /** Resolves when a sent message was refused with that code. */
  whenRefused(id: string, code: string): Promise<unknown> {
    return this.events.find(({ name, value }) => {
      if (name !== 'messages.update' && name !== 'messages.upsert') return false;
      const text = JSON.stringify(value);
      return text.includes(id) && text.includes(`"messageStubParameters":["${code}"`);
    }, `refusal ${code} of ${id}`);
  }

  /** The first message from others with that text. */
  whenText(text: string): Promise<Upsert> {
    return this.upserts.find(
      ({ message }) => !message.key.fromMe && textOf(message) === text,
      `text ${text}`,
    );
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.sock.end(undefined);
  }
}

export const textOf = ({ message }: WAMessage): string =>
  message?.conversation ?? message?.extendedTextMessage?.text ?? '';

export function closeCode(update: Partial<ConnectionState>): number | undefined {
  const error = update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined;
  return error?.output?.statusCode;
}

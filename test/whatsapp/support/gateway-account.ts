/**
 * One account over a real socket for tests: keeps its facts and messages, waits for them with a 30 s guard,
 * and records messages as the shard does (event and dedupe in the same batch).
 */
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { defaultInstanceSettings, type InstanceSettings } from '../../../src/protocol/instance.ts';
import type { MessageContent, MessageView, ReceivedMessage } from '../../../src/protocol/message.ts';
import type { SentRecord, StoreWrite } from '../../../src/store/ports.ts';
import { createCacheBoard } from '../../../src/whatsapp/cache-board.ts';
import { openWaSocket } from '../../../src/whatsapp/connect.ts';
import type {
  OutgoingMessage,
  SendOutcome,
  WaFact,
  WaSocket,
  WaSocketOptions,
} from '../../../src/whatsapp/wa-socket.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export const guardMs = 30_000;

type Kind = WaFact['kind'];
type FactOf<K extends Kind> = Extract<WaFact, { kind: K }>;

export interface AccountOptions {
  readonly url: string;
  readonly store?: MemoryStore;
  readonly settings?: Partial<InstanceSettings>;
  readonly connectTimeoutMs?: number;
  readonly instance?: string;
}

export class GatewayAccount {
  readonly store: MemoryStore;
  readonly facts: WaFact[] = [];
  readonly received: ReceivedMessage[] = [];
  readonly durable: ReceivedMessage[] = [];
  readonly instance: string;
  socket!: WaSocket;
  /** What receipts told counts as durable once this resolves. */
  statusesStored: Promise<void> = Promise.resolve();
  private readonly options: AccountOptions;
  private readonly waits = new Set<() => void>();
  private seq = 0;
  private ids = 0;

  constructor(options: AccountOptions) {
    this.options = options;
    this.store = options.store ?? createMemoryStore();
    this.instance = options.instance ?? 'one';
  }

  async open(): Promise<this> {
    this.socket = await openWaSocket(this.socketOptions());
    return this;
  }

  socketOptions(): WaSocketOptions {
    return {
      instance: this.instance,
      settings: { ...defaultInstanceSettings, ...this.options.settings },
      proxyUrl: null,
      dataDir: '',
      kept: null,
      socketUrl: this.options.url,
      connectTimeoutMs: this.options.connectTimeoutMs ?? guardMs,
      store: this.store,
      clock: systemClock,
      log: createLog('silent'),
      caches: createCacheBoard(),
      onFact: (fact) => {
        this.facts.push(fact);
        this.wake();
      },
      record: (message) => this.record(message),
      recorded: (writes) => this.recorded(writes),
      recordNotice: async () => undefined,
      recordEvents: async () => undefined,
      recordHistory: async () => 0,
      recordStatuses: async (updates) => {
        this.facts.push({ kind: 'StatusesChanged', updates });
        this.wake();
        await this.statusesStored;
      },
    };
  }

  /** The fact of this kind at or after `from` in the list. */
  async fact<K extends Kind>(kind: K, from = 0): Promise<FactOf<K>> {
    const find = (): FactOf<K> | undefined =>
      this.facts.slice(from).find((fact): fact is FactOf<K> => fact.kind === kind);
    await this.until(() => find() !== undefined, `fact ${kind}`);
    return find() as FactOf<K>;
  }

  async message(matches: (message: ReceivedMessage) => boolean): Promise<ReceivedMessage> {
    await this.until(() => this.durable.some(matches), 'a message');
    return this.durable.find(matches) as ReceivedMessage;
  }

  /** Resolves when `isTrue`, looked at after every fact and record. */
  until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waits.delete(look);
        reject(new Error(`${what} did not come in ${guardMs} ms; facts: ${JSON.stringify(this.facts)}`));
      }, guardMs);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.waits.delete(look);
        resolve();
      };
      this.waits.add(look);
    });
  }

  async send(to: string, text: string): Promise<SendOutcome & { id: string }> {
    this.ids += 1;
    const id = `3EB0${this.instance.toUpperCase()}${String(this.ids).padStart(10, '0')}`;
    const content: MessageContent = { type: 'text', text, mentions: [] };
    const message = { messageId: id, to, content, quote: null };
    const proto = await this.socket.encode(message);
    await this.store.commit([{ to: 'sent', record: this.sentRecord(message, proto), queued: true }]);
    const outcome = await this.socket.send(message, proto);
    return { ...outcome, id };
  }

  /** Forgets every Signal session, as a damaged store would; only between two sockets. */
  async forgetSessions(): Promise<void> {
    const { instance } = this;
    const sessions = await this.store.sessions.signalRange(instance, 'session:');
    for (const [key] of sessions) await this.store.commit([{ to: 'signal', instance, key, value: null }]);
  }

  private sentRecord({ messageId: id, to, content, quote }: OutgoingMessage, proto: Uint8Array): SentRecord {
    const { instance } = this;
    const party = { jid: to, pn: null, lid: null };
    const view: MessageView = {
      id,
      instance,
      chat: party,
      from: party,
      to: party,
      fromMe: true,
      type: content.type,
      text: 'text' in content ? content.text : null,
      media: null,
      quote: null,
      timestamp: 0,
      status: 'queued',
      statusAt: 0,
      error: null,
    };
    return { instance, id, to, content, quote, wait: 'server', view, proto };
  }

  wake(): void {
    for (const look of [...this.waits]) look();
  }

  private async record(message: ReceivedMessage): Promise<StoreWrite[]> {
    const { chat, from, id } = message;
    const known = await this.store.outbox.seqOf(this.instance, chat.jid, from.jid, id);
    if (known !== undefined) return [];
    this.received.push(message);
    this.seq += 1;
    const body = Buffer.from(JSON.stringify(message));
    const { instance, seq } = this;
    const event = { seq, id, type: 'message.received' as const, instance, chat: chat.jid, at: 0, body };
    return [
      { to: 'event', event, webhooks: [] },
      { to: 'dedupe', instance, chat: chat.jid, sender: from.jid, id, seq },
    ];
  }

  private recorded(writes: readonly StoreWrite[]): void {
    for (const write of writes) {
      if (write.to === 'event') this.durable.push(JSON.parse(Buffer.from(write.event.body).toString()));
    }
    this.wake();
  }
}

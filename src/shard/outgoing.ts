/**
 * The outgoing queue of one instance: a message is durable under its id before its first frame leaves, order
 * is kept within a chat, and what a closed socket left unanswered goes out again under the same id. Called by
 * the instance actor; knows the socket only as `WaSocket`.
 */
import type { Clock } from '../clock.ts';
import { pause } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { outgoingQueueMax } from '../limits.ts';
import type { InstanceSettings } from '../protocol/instance.ts';
import type {
  MessageContent,
  MessageError,
  MessageView,
  Party,
  QuoteView,
  WaitMode,
} from '../protocol/message.ts';
import type { SentRecord, Store, StoreWrite } from '../store/ports.ts';
import type { ResolveAll, WaSocket } from '../whatsapp/wa-socket.ts';
import { destinationOf } from './destination.ts';
import { hasReached, type StatusChange } from './message-statuses.ts';
import { shownContent } from './shown-content.ts';
import { Waiters } from './waiters.ts';

export interface SendRequest {
  readonly messageId: string;
  readonly to: string;
  readonly content: MessageContent;
  readonly quote: string | null;
  readonly wait: WaitMode;
  readonly timeoutMs: number;
}

export interface OutgoingOptions {
  readonly instance: string;
  readonly store: Store;
  readonly clock: Clock;
  settings(): InstanceSettings;
  me(): Party;
  /** Through the number cache. */
  readonly resolveAll: ResolveAll;
  party(jid: string): Promise<Party>;
  /** What a message in this chat answers, by its id; rejects `not_found`. */
  quoted(id: string, chat: Party): Promise<QuoteView | null>;
  /** What takes the message into the lists, in the batch that queues it. */
  listed(record: SentRecord): Promise<readonly StoreWrite[]>;
  raise(change: StatusChange): void;
  /** A message is sent or failed: its file is nobody's any more. */
  release(content: MessageContent): void;
  onFailure(error: unknown): void;
}

const targets = { queued: 'queued', server: 'sent', delivered: 'delivered' } as const;
/** The connection went: what became of the message is unknown, and the next socket takes it up. */
const connectionLost: readonly string[] = ['actor_restarted', 'timeout', 'instance_not_open'];

const isConnectionLost = (error: unknown): boolean =>
  error instanceof AppError && connectionLost.includes(error.code);

export class Outgoing {
  #options: OutgoingOptions;
  #socket: WaSocket | null = null;
  #queued = new Map<string, SentRecord>();
  /** Commits in flight, by the id of the message that they queue. */
  #storing = new Map<string, Promise<void>>();
  #sending = new Set<string>();
  #committing = new Set<Promise<void>>();
  #chats = new Map<string, Promise<void>>();
  #waiters: Waiters;
  #nextSlotAt = 0;
  #ending: AppError | null = null;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#waiters = new Waiters(options.clock);
  }

  get depth(): number {
    return this.#queued.size;
  }

  queued(id: string): SentRecord | undefined {
    return this.#queued.get(id);
  }

  /** Takes over what an earlier process left queued. Before the first socket opens. */
  async load(): Promise<void> {
    const left = await this.#options.store.messages.queued(this.#options.instance, outgoingQueueMax);
    for (const record of left) this.#queued.set(record.id, record);
  }

  /** The open socket, or null while there is none. A new one sends all that is queued, in order. */
  setSocket(socket: WaSocket | null): void {
    this.#socket = socket;
    this.#sending.clear();
    this.#chats.clear();
    if (socket) detach(this.#sendAll(socket), this.#options.onFailure);
  }

  async #sendAll(socket: WaSocket): Promise<void> {
    for (const record of [...this.#queued.values()]) {
      const ready = await this.#ready(record, socket).catch((error) => this.#refused(record, error));
      if (this.#socket !== socket) return;
      if (ready) this.#start(ready, socket);
    }
  }

  /** Resolves with the message once it has reached what `wait` asks for; see `SendMessage`. */
  async send(request: SendRequest): Promise<MessageView> {
    if (this.#ending) throw this.#ending;
    const record = await this.#accepted(request);
    if (record.view.status === 'failed') throw failureOf(record.view);
    if (this.#socket) this.#start(record, this.#socket);
    // Its first ratchet step joins the commit meanwhile; its frame does not leave before.
    await this.#storing.get(record.id);
    const target = targets[request.wait];
    if (hasReached(record.view.status, target)) return record.view;
    return this.#waiters.wait(record.id, target, request.timeoutMs);
  }

  async #accepted(request: SendRequest): Promise<SentRecord> {
    return (await this.#known(request.messageId)) ?? this.#accept(request);
  }

  /** Resolves when nothing is on its way into the store any more. Whoever still asks WhatsApp is not waited for. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#committing);
  }

  /** A message of this id from before; one that an earlier owner left queued is taken over here. */
  async #known(id: string): Promise<SentRecord | undefined> {
    const known =
      this.#queued.get(id) ?? (await this.#options.store.messages.sent(this.#options.instance, id));
    if (known?.view.status === 'queued') this.#queued.set(id, this.#queued.get(id) ?? known);
    return known;
  }

  async #accept(request: SendRequest): Promise<SentRecord> {
    if (this.#queued.size >= outgoingQueueMax)
      throw new AppError('mailbox_full', `${outgoingQueueMax} messages of this instance wait to be sent.`, {
        retryAfterMs: 1_000,
      });
    const draft = this.#draft(request);
    const socket = this.#socket;
    const record = socket
      ? await this.#composed(draft, socket).catch((error) => unencoded(draft, error))
      : draft;
    const listed = await this.#options.listed(record);
    if (this.#ending) throw this.#ending;
    this.#store(record, listed);
    return record;
  }

  /** Queued at once; whoever answers for it, or sends it, awaits what is in `#storing`. */
  #store(record: SentRecord, listed: readonly StoreWrite[]): void {
    const { id } = record;
    const stored = this.#tracked(
      this.#options.store.commit([{ to: 'sent', record, queued: true }, ...listed]),
    );
    this.#queued.set(id, record);
    this.#storing.set(id, stored);
    const over = (): void => void this.#storing.delete(id);
    detach(stored.then(over), () => {
      over();
      this.#queued.delete(id);
    });
  }

  async #commit(record: SentRecord): Promise<void> {
    const listed = await this.#options.listed(record);
    await this.#options.store.commit([{ to: 'sent', record, queued: true }, ...listed]);
    this.#queued.set(record.id, record);
  }

  #tracked(work: Promise<void>): Promise<void> {
    this.#committing.add(work);
    return work.finally(() => this.#committing.delete(work));
  }

  #draft(request: SendRequest): SentRecord {
    const { instance, clock } = this.#options;
    const now = clock.now();
    const to: Party = { jid: request.to, pn: null, lid: null };
    const view: MessageView = {
      id: request.messageId,
      instance,
      chat: to,
      from: this.#options.me(),
      to,
      fromMe: true,
      ...shownContent(request.content),
      quote: null,
      timestamp: now,
      status: 'queued',
      statusAt: now,
      error: null,
    };
    const { messageId: id, to: address, content, quote, wait } = request;
    return { instance, id, to: address, content, quote, wait, view, proto: null };
  }

  /**
   * Addressed, so that its chat is known, and encoded but where that means an upload: a message is accepted before
   * its file leaves, and no file holds up other chats.
   */
  async #composed(draft: SentRecord, socket: WaSocket): Promise<SentRecord> {
    return 'media' in draft.content ? this.#addressed(draft) : this.#encoded(draft, socket);
  }

  async #addressed(draft: SentRecord): Promise<SentRecord> {
    const { resolveAll, party, quoted, me } = this.#options;
    const postedTo = (id: string) => this.#postedTo(id);
    const { jid, content } = await destinationOf(draft, { resolveAll, postedTo, me });
    const to = await party(jid);
    const quote = draft.quote === null ? null : await quoted(draft.quote, to);
    return { ...draft, to: jid, content, view: { ...draft.view, from: me(), chat: to, to, quote } };
  }

  async #postedTo(id: string): Promise<readonly string[] | undefined> {
    const { instance, store } = this.#options;
    const content = (await store.messages.sent(instance, id))?.content;
    return content && 'audience' in content ? content.audience : undefined;
  }

  /** What is stored before the first frame and answers retry receipts. */
  async #encoded(draft: SentRecord, socket: WaSocket): Promise<SentRecord> {
    const addressed = await this.#addressed(draft);
    const { id: messageId, to, content, quote } = addressed;
    return { ...addressed, proto: await socket.encode({ messageId, to, content, quote }) };
  }

  /** As stored, and put into its chat, before a new socket sends it. */
  async #ready(record: SentRecord, socket: WaSocket): Promise<SentRecord> {
    return 'media' in record.content && !record.proto
      ? this.#addressed(record)
      : this.#prepared(record, socket);
  }

  async #prepared(record: SentRecord, socket: WaSocket): Promise<SentRecord> {
    if (record.proto) return record;
    const ready = await this.#encoded(record, socket);
    if (this.#socket !== socket)
      throw new AppError('actor_restarted', 'The socket was replaced while the message was encoded.');
    await this.#tracked(this.#commit(ready));
    return ready;
  }

  /** Puts the message behind the ones before it in its chat: it leaves when their frames are written. */
  #start(record: SentRecord, socket: WaSocket): void {
    if (this.#sending.has(record.id) || !this.#queued.has(record.id)) return;
    this.#sending.add(record.id);
    const chat = record.view.chat.jid;
    const before = this.#chats.get(chat) ?? Promise.resolve();
    const written = Promise.withResolvers<void>();
    this.#chats.set(chat, written.promise);
    const leave = (): void => {
      written.resolve();
      if (this.#chats.get(chat) === written.promise) this.#chats.delete(chat);
    };
    const stored = this.#storing.get(record.id);
    const turn = before.then(() => this.#transmit(record, socket, leave, stored)).finally(leave);
    detach(turn, this.#options.onFailure);
  }

  /** Never rejects: what fails is either still queued or refused for good. */
  async #transmit(
    record: SentRecord,
    socket: WaSocket,
    onWritten: () => void,
    stored: Promise<void> | undefined,
  ): Promise<void> {
    try {
      await this.#paced();
      const ready = await this.#prepared(record, socket);
      if (this.#socket !== socket) return;
      const { id: messageId, to, content, quote } = ready;
      const message = { messageId, to, content, quote };
      const proto = ready.proto ?? new Uint8Array();
      const { at } = await socket.send(message, proto, onWritten, stored);
      this.#raise(ready, 'sent', at, null);
    } catch (error) {
      // The state of a message is raised on its record, which may still be on its way into the store.
      const unstored = await stored?.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      this.#refused(record, unstored ?? error);
    } finally {
      if (this.#socket === socket) this.#sending.delete(record.id);
    }
  }

  /** Human-like spacing between the sends of this instance, where its settings ask for it. */
  async #paced(): Promise<void> {
    const { sendDelayMsMin, sendDelayMsMax } = this.#options.settings();
    if (sendDelayMsMax === 0) return;
    const { clock } = this.#options;
    const slot = Math.max(clock.now(), this.#nextSlotAt);
    this.#nextSlotAt = slot + sendDelayMsMin + clock.random() * Math.max(0, sendDelayMsMax - sendDelayMsMin);
    await pause(clock, slot - clock.now());
  }

  #refused(record: SentRecord, error: unknown): undefined {
    if (!(error instanceof AppError)) {
      this.#options.onFailure(error);
      return;
    }
    if (isConnectionLost(error)) return;
    if (error.code === 'store_failed') {
      this.#waiters.fail(record.id, error);
      return;
    }
    const code = error.failure.extra?.['whatsappCode'];
    this.#raise(record, 'failed', this.#options.clock.now(), {
      code: error.code,
      whatsappCode: typeof code === 'number' ? code : null,
      message: error.message,
    });
  }

  #raise(record: SentRecord, status: 'sent' | 'failed', at: number, error: MessageError | null): void {
    const { id, view } = record;
    this.#options.raise({ id, chat: view.chat, status, at, participant: null, error });
  }

  /** The state of a message changed, durably. True where that took it out of the queue. */
  reached(view: MessageView): boolean {
    const record = this.#queued.get(view.id);
    const wasQueued = this.#queued.delete(view.id);
    if (record) this.#options.release(record.content);
    if (view.status === 'failed') this.#waiters.fail(view.id, failureOf(view));
    else this.#waiters.reached(view);
    return wasQueued;
  }

  /** This thread lets go of the instance: nothing is taken any more, and what is queued is the next owner's. */
  end(error: AppError): void {
    this.#ending = error;
    this.rest(error);
  }

  /** The instance rests: nobody is waited for any longer. What is queued stays queued. */
  rest(error: AppError): void {
    this.setSocket(null);
    this.#waiters.failAll(error);
  }
}

/** Accepted all the same where only the connection went meanwhile. */
function unencoded(draft: SentRecord, error: unknown): SentRecord {
  if (isConnectionLost(error)) return draft;
  throw error;
}

function failureOf(view: MessageView): AppError {
  const { code, message, whatsappCode } = view.error ?? {
    code: 'whatsapp_rejected',
    message: '',
    whatsappCode: null,
  };
  return new AppError(code, message, { extra: { messageId: view.id, whatsappCode } });
}

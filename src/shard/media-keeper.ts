/**
 * With MEDIA_STORE=local: fetches the files of messages as they come in, a few at a time, and again after a failure;
 * what a kill or a time offline left out is fetched when the instance opens. One a shard. A message that finds the
 * queue full is fetched later in the same way. Never holds a message up.
 */
import type { Clock } from '../clock.ts';
import { detach } from '../detach.ts';
import { toFailure } from '../errors.ts';
import {
  keeperAtOnceMax,
  keeperCatchUpMax,
  keeperCatchUpMs,
  keeperCatchUpPeriodMs,
  keeperRetryDelayMs,
  keeperTriesMax,
  keeperWaitingMax,
  pageLimitMax,
} from '../limits.ts';
import type { Log } from '../log.ts';
import { type KeptMedia, keptRefOf } from '../media/kept.ts';
import { dropRequest } from '../media/spool.ts';
import type { InstanceStatus } from '../protocol/instance.ts';
import type { FetchedMedia, FetchMediaInput } from '../protocol/media.ts';
import type { KeptMessage, StoredMessage } from '../store/conversation-ports.ts';
import type { Store, StoreWrite } from '../store/ports.ts';
import { parseAddress } from '../whatsapp/addresses.ts';
import { keptMedia } from '../whatsapp/media.ts';

export interface KeeperOptions {
  readonly kept: KeptMedia;
  readonly dataDir: string;
  readonly store: Pick<Store, 'conversations' | 'messages'>;
  readonly clock: Clock;
  readonly log: Log;
  fetch(instance: string, input: FetchMediaInput): Promise<FetchedMedia>;
  counted(result: 'kept' | 'failed' | 'left'): void;
}

interface Wanted {
  readonly message: KeptMessage;
  readonly tries: number;
}

const incoming: readonly string[] = ['message.received', 'message.sent'];
/** What may be better in a while. */
const passing: readonly string[] = ['timeout', 'actor_restarted', 'instance_not_open', 'internal'];

const isNamed = ({ view: { chat } }: KeptMessage, address: string | null): boolean => {
  if (address === null) return true;
  const parsed = parseAddress(address);
  const named = parsed.kind === 'phone' ? `${parsed.digits}@s.whatsapp.net` : parsed.jid;
  return [chat.jid, chat.pn, chat.lid].includes(named);
};

export class MediaKeeper {
  readonly #options: KeeperOptions;
  readonly #waiting: Wanted[] = [];
  /** When instances were caught up with: one that reconnects again and again is not looked through each time. */
  readonly #caughtUpAt = new Map<string, number>();
  #running = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#waiting.length + this.#running;
  }

  /** These writes are durable. History is not fetched: it comes without an event. */
  stored(writes: readonly StoreWrite[]): void {
    if (!writes.some((write) => write.to === 'event' && incoming.includes(write.event.type))) return;
    for (const write of writes)
      if (write.to === 'message' && write.message.view.media)
        this.#want({ message: write.message, tries: 0 });
  }

  /** An instance that opens is caught up with. */
  changed({ id, state }: Pick<InstanceStatus, 'id' | 'state'>): void {
    const now = this.#options.clock.now();
    if (state !== 'open' || now - (this.#caughtUpAt.get(id) ?? 0) < keeperCatchUpPeriodMs) return;
    this.#caughtUpAt.set(id, now);
    detach(this.#catchUp(id), (error) => this.#report(error, id));
  }

  /** The kept file, which needs no socket; null where there is none, or the message is not told apart. */
  async find(instance: string, input: FetchMediaInput): Promise<FetchedMedia | null> {
    const { kept, store } = this.#options;
    if (input.isFresh) return null;
    const all = await store.conversations.messagesOf(instance, input.messageId);
    const [only, other] = all.filter((message) => isNamed(message, input.chat));
    return only && !other ? keptMedia(only, kept) : null;
  }

  #want(wanted: Wanted): void {
    if (this.#waiting.length >= keeperWaitingMax) return;
    this.#waiting.push(wanted);
    this.#fill();
  }

  #fill(): void {
    while (this.#running < keeperAtOnceMax) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#running += 1;
      const done = this.#keep(next).finally(() => {
        this.#running -= 1;
        this.#fill();
      });
      detach(done, (error) => this.#report(error, next.message.view.instance));
    }
  }

  async #keep({ message, tries }: Wanted): Promise<void> {
    const { kept, dataDir, fetch, counted, clock } = this.#options;
    const { instance, id, chat, media } = message.view;
    const ref = keptRefOf(message);
    if (await kept.has(ref)) return;
    if (!(await kept.takes(ref, media?.size ?? 0))) return counted('left');
    try {
      const { place } = await fetch(instance, { messageId: id, chat: chat.jid, isFresh: false });
      if (place.in === 'spool') await dropRequest(dataDir, place.id);
      // Erased meanwhile: its file was not there yet.
      else if (!(await this.#isStored(message))) return kept.forget([ref]);
      counted(place.in === 'kept' ? 'kept' : 'left');
    } catch (error) {
      const isPassing = passing.includes(toFailure(error).code);
      if (!isPassing || tries + 1 >= keeperTriesMax) return counted('failed');
      clock.after(keeperRetryDelayMs * 2 ** tries, () => this.#want({ message, tries: tries + 1 }));
    }
  }

  async #isStored({ view: { instance, id }, key }: KeptMessage): Promise<boolean> {
    const all = await this.#options.store.conversations.messagesOf(instance, id);
    return all.some((other) => other.key.remoteJid === key.remoteJid);
  }

  /** The newest first, as far as a day back: older ones are fetched when they are asked for. */
  async #catchUp(instance: string): Promise<void> {
    const { store, clock } = this.#options;
    const after = clock.now() - keeperCatchUpMs;
    const query = {
      chatId: null,
      before: null,
      after,
      type: null,
      order: 'newest',
      limit: pageLimitMax,
    } as const;
    let cursor: string | null = null;
    for (let seen = 0; seen < keeperCatchUpMax; seen += pageLimitMax) {
      const page = await store.conversations.messages(instance, { ...query, cursor });
      for (const message of page.items) if (await this.#isMissing(message)) this.#want({ message, tries: 0 });
      cursor = page.next;
      if (cursor === null) return;
    }
  }

  /** What this gateway sent is the caller's own. */
  async #isMissing(message: StoredMessage): Promise<boolean> {
    const { store, kept } = this.#options;
    const { instance, id, media, fromMe } = message.view;
    if (!media || message.marks.some(({ kind }) => kind === 'deleted')) return false;
    if (fromMe && (await store.messages.sent(instance, id))) return false;
    return !(await kept.has(keptRefOf(message)));
  }

  #report(error: unknown, instance: string): void {
    this.#options.log.warn({ instance, error: String(error) }, 'files of messages were not kept');
  }
}

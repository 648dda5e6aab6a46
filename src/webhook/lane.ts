/**
 * One webhook's undelivered events: a bounded window in memory over the outbox, which is the truth. What is
 * known of a chat is always its oldest part, so that order holds: once something had to be left out, only
 * pages are admitted until nothing is left out. Knows neither the network nor time.
 */
import type { Timer } from '../clock.ts';
import type { EventRecord } from '../protocol/events.ts';
import { globalWebhookId, type WebhookConfig } from '../protocol/instance.ts';
import type { PendingEntry } from '../store/ports.ts';
import { DeliveryLog } from './delivery-log.ts';
import {
  bodiesMaxBytes,
  laneKnownMax,
  laneRoomLow,
  laneWindowMax,
  laneWindowMin,
  windowsMax,
} from './limits.ts';
import type { Target } from './target.ts';

/**
 * `waiting` behind an earlier event of its chat, `ready` to go, `retrying` later, `posting` now, `settling`:
 * done with, but its removal from the outbox is not yet durable.
 */
export type EntryState = 'waiting' | 'ready' | 'retrying' | 'posting' | 'settling';

export interface Entry {
  readonly seq: number;
  readonly instance: string;
  readonly at: number;
  /** Events of one group go one after the other. */
  group: string;
  readonly chat: string | null;
  state: EntryState;
  /** From the ring, while the budget lasts; else it is read from the outbox when its turn comes. */
  event: EventRecord | null;
  attempts: number;
  /** Attempts that count against the limit. */
  charged: number;
  timer: Timer | null;
}

/** What all lanes share: memory. */
export interface Budget {
  entries: number;
  bodyBytes: number;
}

export class Lane {
  readonly id: string;
  readonly log = new DeliveryLog();
  config: WebhookConfig | null = null;
  target: Target | null = null;
  /** The outbox may hold entries that are not known here. */
  hasMore = true;
  isPaging = false;
  /**
   * Everything pending up to here was paged, unless it was committed late (`pageFromStart`). A ring record up
   * to here may be of an event that is long delivered.
   */
  #pagedUntil = 0;
  #pageFrom = 0;
  #isFullPageDue = false;
  /** Its origin asked for a pause (`Retry-After`); ms since the epoch. */
  heldUntilMs = 0;
  /** POSTs under way; the schedule's count. */
  inFlight = 0;
  /** Undelivered events, as far as counted; the outbox corrects it. */
  pending = 0;
  readonly #budget: Budget;
  readonly #entries = new Map<number, Entry>();
  readonly #groups = new Map<string, Entry[]>();
  #settling = 0;
  #ready: Entry[] = [];
  /** Groups of which only the head is known, see `shed`. What comes for them stays in the outbox. */
  readonly #shed = new Set<string>();

  constructor(id: string, budget: Budget) {
    this.id = id;
    this.#budget = budget;
  }

  get known(): number {
    return this.#entries.size;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Known and not done with. */
  get open(): number {
    return this.#entries.size - this.#settling;
  }

  /** How many more entries it may know. What settles is apart, or a slow disk would hold deliveries up. */
  get room(): number {
    const fair = Math.max(laneWindowMin - this.known, windowsMax - this.#budget.entries);
    return Math.max(0, Math.min(laneWindowMax - this.open, laneKnownMax - this.known, fair));
  }

  /** Time of the oldest known event, or null. */
  get oldestAt(): number | null {
    for (const entry of this.#entries.values()) if (entry.state !== 'settling') return entry.at;
    return null;
  }

  /** A fresh event from a ring. False: it stays in the outbox until it is paged. */
  offer(event: EventRecord): boolean {
    if (this.#entries.has(event.seq)) return true;
    if (this.#isShed(event)) return false;
    if (event.seq <= this.#pagedUntil) {
      this.pageFromStart();
      return false;
    }
    if (this.hasMore || this.isPaging || this.room === 0) {
      this.hasMore = true;
      return false;
    }
    const fits = this.#budget.bodyBytes + event.body.length <= bodiesMaxBytes;
    this.#add(event, fits ? event : null);
    return true;
  }

  /** Entries of a page, oldest first; those that are known already are passed over. */
  admit(page: readonly PendingEntry[]): void {
    for (const entry of page) {
      if (!this.#entries.has(entry.seq) && !this.#isShed(entry)) {
        if (this.room === 0) {
          this.hasMore = true;
          return;
        }
        this.#add(entry, null);
      }
      this.#pagedUntil = Math.max(this.#pagedUntil, entry.seq);
      this.#pageFrom = entry.seq;
    }
  }

  /** Something below what was paged may be unknown: the next page begins at the beginning. */
  pageFromStart(): void {
    this.hasMore = true;
    this.#isFullPageDue = true;
  }

  /** Where the page that is read now begins. */
  takePageStart(): number {
    if (this.#isFullPageDue) this.#pageFrom = 0;
    this.#isFullPageDue = false;
    return this.#pageFrom;
  }

  /** The next entry to post, now in state `posting`. */
  take(): Entry | undefined {
    const entry = this.#ready.shift();
    if (entry) entry.state = 'posting';
    return entry;
  }

  /** Its time has come again. */
  makeReady(entry: Entry): void {
    if (entry.state !== 'retrying') return;
    entry.timer?.cancel();
    entry.timer = null;
    entry.state = 'ready';
    this.#ready.push(entry);
  }

  retry(entry: Entry, timer: Timer): void {
    entry.state = 'retrying';
    entry.timer = timer;
  }

  /** All that wait for another try are ready now: the configuration has changed. */
  hurry(): void {
    for (const entry of this.#entries.values()) this.makeReady(entry);
  }

  /**
   * The head of a chat fails and the window is nearly full: what waits behind it is forgotten until the head is
   * done with, so that one chat cannot fill the window and starve the others. It is in the outbox.
   */
  shed(head: Entry): void {
    const group = this.#groups.get(head.group);
    if (!this.hasMore || this.room > laneRoomLow || group?.[0] !== head || group.length === 1) return;
    this.#shed.add(head.group);
    for (const entry of group.splice(1)) {
      this.#dropBody(entry);
      this.forget(entry.seq);
    }
  }

  /** Delivered or dead: the next of its group may go. It stays known until `forget`. */
  finish(entry: Entry): void {
    if (entry.state !== 'settling' && this.isKnown(entry)) this.#settling += 1;
    entry.state = 'settling';
    this.#dropBody(entry);
    this.#leaveGroup(entry);
  }

  /** Too old to be tried: out of memory, unless it is being posted or settled. */
  discard(seq: number): boolean {
    const entry = this.#entries.get(seq);
    if (!entry) return true;
    if (entry.state === 'posting' || entry.state === 'settling') return false;
    entry.timer?.cancel();
    this.#ready = this.#ready.filter((ready) => ready !== entry);
    this.finish(entry);
    this.forget(seq);
    return true;
  }

  /** It is no longer in the outbox. */
  forget(seq: number): void {
    if (this.#entries.get(seq)?.state === 'settling') this.#settling -= 1;
    if (this.#entries.delete(seq)) this.#budget.entries -= 1;
  }

  /** Everything is forgotten: the webhook is gone. What is being posted ends unnoticed. */
  clear(): void {
    for (const entry of this.#entries.values()) {
      entry.timer?.cancel();
      this.#dropBody(entry);
    }
    this.#budget.entries -= this.#entries.size;
    this.#entries.clear();
    this.#settling = 0;
    this.#groups.clear();
    this.#shed.clear();
    this.#ready = [];
    this.pending = 0;
  }

  /** Order was switched on or off: the same entries in new groups. */
  regroup(): void {
    this.#groups.clear();
    if (this.#shed.size > 0) this.pageFromStart();
    this.#shed.clear();
    this.#ready = [];
    const open = [...this.#entries.values()].filter(({ state }) => state !== 'settling');
    for (const entry of open.sort((a, b) => a.seq - b.seq)) {
      entry.group = this.#groupOf(entry);
      if (entry.state === 'ready') entry.state = 'waiting';
      this.#joinGroup(entry);
    }
  }

  isKnown(entry: Entry): boolean {
    return this.#entries.get(entry.seq) === entry;
  }

  #add(of: Omit<PendingEntry, 'webhook'>, event: EventRecord | null): void {
    // One literal: this runs for every event, and spreads are slow.
    const entry: Entry = {
      seq: of.seq,
      instance: of.instance,
      at: of.at,
      group: this.#groupOf(of),
      chat: of.chat,
      state: 'waiting',
      event,
      attempts: 0,
      charged: 0,
      timer: null,
    };
    this.#entries.set(entry.seq, entry);
    this.#budget.entries += 1;
    this.#budget.bodyBytes += event?.body.length ?? 0;
    this.#joinGroup(entry);
  }

  /** Order is kept within an instance's chat; events without a chat follow one another too. */
  #groupOf({ seq, instance, chat }: Pick<Entry, 'seq' | 'instance' | 'chat'>): string {
    if (this.config?.ordered === false) return String(seq);
    return this.id === globalWebhookId ? `${instance}\0${chat ?? ''}` : (chat ?? '');
  }

  #isShed(of: Pick<Entry, 'seq' | 'instance' | 'chat'>): boolean {
    return this.#shed.size > 0 && this.#shed.has(this.#groupOf(of));
  }

  #joinGroup(entry: Entry): void {
    const group = this.#groups.get(entry.group);
    if (!group) {
      this.#groups.set(entry.group, [entry]);
      this.#lead(entry);
    } else if ((group.at(-1)?.seq ?? 0) < entry.seq) group.push(entry);
    else this.#joinEarlier(group, entry);
  }

  /** A replay, or an event whose page came late: it takes its place, before a head that has not been tried. */
  #joinEarlier(group: Entry[], entry: Entry): void {
    const [head] = group;
    const isOvertaken = head?.state === 'ready' && head.attempts === 0 && entry.seq < head.seq;
    const at = group.findIndex(({ seq }) => seq > entry.seq);
    group.splice(isOvertaken ? 0 : Math.max(1, at), 0, entry);
    if (!isOvertaken) return;
    head.state = 'waiting';
    this.#ready = this.#ready.filter((ready) => ready !== head);
    this.#lead(entry);
  }

  #lead(entry: Entry): void {
    if (entry.state !== 'waiting') return;
    entry.state = 'ready';
    this.#ready.push(entry);
  }

  #leaveGroup(entry: Entry): void {
    const group = this.#groups.get(entry.group);
    if (!group) return;
    const at = group.indexOf(entry);
    if (at >= 0) group.splice(at, 1);
    const [next] = group;
    if (next) this.#lead(next);
    else this.#groups.delete(entry.group);
    if (!next && this.#shed.delete(entry.group)) this.pageFromStart();
  }

  #dropBody(entry: Entry): void {
    this.#budget.bodyBytes -= entry.event?.body.length ?? 0;
    entry.event = null;
  }
}

/**
 * Where events leave the shard: gives each its sequence, id and JSON body, says which webhooks want it, and
 * once their batch is durable pushes them, one frame a flush, into the ring to the webhook actor. Nothing is
 * pushed before it is durable; what the ring refuses is in the outbox and the webhook actor pages it.
 */
import type { Clock } from '../clock.ts';
import { iso } from '../clock.ts';
import { uuidv7 } from '../ids.ts';
import type { EventData, EventFrame, EventRecord, NewEvent } from '../protocol/events.ts';
import { globalWebhookId, type WebhookConfig } from '../protocol/instance.ts';
import type { StoreWrite } from '../store/ports.ts';
import type { SequenceClock } from '../store/sequence.ts';

type EventWrite = Extract<StoreWrite, { to: 'event' }>;
type FramedEvent = EventFrame['events'][number];

export interface EventSinks {
  /** Pushes one frame into the ring. */
  push(frame: EventFrame): void;
  /** Live listeners on the main thread (SSE), when somebody watches. */
  watch(events: readonly EventRecord[]): void;
  /** Everything that was written with events. */
  stored(writes: readonly StoreWrite[]): void;
}

export interface OutletOptions {
  readonly shard: number;
  readonly clock: Clock;
  readonly sequence: SequenceClock;
  readonly sinks: EventSinks;
}

const wants = (webhook: WebhookConfig | null, type: string): boolean =>
  webhook?.enabled === true && (webhook.events.includes('*') || webhook.events.includes(type));

const encoder = new TextEncoder();

export class EventOutlet {
  #options: OutletOptions;
  #globalWebhook: WebhookConfig | null = null;
  #flushing: FramedEvent[] = [];
  #frames = 0;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  setGlobalWebhook(webhook: WebhookConfig | null): void {
    this.#globalWebhook = webhook;
  }

  /** The write that makes an event durable; hand it to `committed` after its batch. */
  write<T extends keyof EventData>(
    instance: { readonly id: string; readonly webhook: WebhookConfig | null },
    event: NewEvent<T>,
  ): EventWrite {
    const at = this.#options.clock.now();
    const id = uuidv7(at);
    const body = { id, type: event.type, instance: instance.id, at: iso(at), data: event.data };
    const record: EventRecord = {
      seq: this.#options.sequence.next(at),
      id,
      type: event.type,
      instance: instance.id,
      chat: event.chat,
      at,
      body: encoder.encode(JSON.stringify(body)),
    };
    return { to: 'event', event: record, webhooks: this.#subscribers(instance, event.type) };
  }

  #subscribers(instance: { id: string; webhook: WebhookConfig | null }, type: string): string[] {
    const subscribers: string[] = [];
    if (wants(instance.webhook, type)) subscribers.push(instance.id);
    if (wants(this.#globalWebhook, type)) subscribers.push(globalWebhookId);
    return subscribers;
  }

  /** The events among these writes are durable: they leave with the next flush, in this order. */
  committed(writes: readonly StoreWrite[]): void {
    this.#options.sinks.stored(writes);
    for (const write of writes)
      if (write.to === 'event') this.#flushing.push({ event: write.event, webhooks: write.webhooks });
    if (this.#flushing.length === 0 || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  #isFlushDue = false;

  #flush(): void {
    this.#isFlushDue = false;
    const events = this.#flushing;
    this.#flushing = [];
    this.#options.sinks.watch(events.map((framed) => framed.event));
    const wanted = events.filter((framed) => framed.webhooks.length > 0);
    if (wanted.length === 0) return;
    this.#frames += 1;
    this.#options.sinks.push({ shard: this.#options.shard, frame: this.#frames, events: wanted });
  }
}

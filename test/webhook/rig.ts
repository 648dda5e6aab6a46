/**
 * A webhook actor in this thread over a real store and real rings, with a shard that is only a hand: it
 * commits events and pushes their frames as `src/shard/event-outlet.ts` does.
 */
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import type { EventFrame, EventRecord } from '../../src/protocol/events.ts';
import type { WebhookConfig } from '../../src/protocol/instance.ts';
import type { WebhookFact } from '../../src/protocol/webhook.ts';
import { encodeEventFrame } from '../../src/store/event-frame.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { SequenceClock } from '../../src/store/sequence.ts';
import { createRing, RingWriter } from '../../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../../src/thread/wake.ts';
import { WebhookActor } from '../../src/webhook/actor.ts';
import { optionsFor, scratchFolder, someConfig } from '../store/records.ts';

/** Time that runs faster, so that a second's pause does not cost a second. Not for signatures' timestamps. */
export function fastClock(speed: number, random = 0.5): Clock {
  const start = systemClock.now();
  return {
    ...systemClock,
    now: () => start + (systemClock.now() - start) * speed,
    random: () => random,
    after: (delayMs, work, kind) => systemClock.after(delayMs / speed, work, kind),
    every: (periodMs, work) => systemClock.every(periodMs / speed, work),
  };
}

export interface RigOptions {
  readonly env?: Record<string, string>;
  readonly clock?: Clock;
  readonly ringBytes?: number;
}

interface Emit {
  readonly instance?: string;
  readonly chat?: string | null;
  readonly webhooks?: readonly string[];
  /** As after a full ring: durable, but nobody is told. */
  readonly isSilent?: boolean;
}

export class Rig {
  readonly store: Store;
  readonly facts: WebhookFact[] = [];
  readonly clock: Clock;
  readonly #config: Config;
  readonly #ring: SharedArrayBuffer;
  readonly #doorbell = createDoorbell();
  readonly #writer: RingWriter;
  readonly #sequence = new SequenceClock(0);
  #actor: WebhookActor | null = null;
  #frames = 0;
  #made = 0;
  #changed = Promise.withResolvers<void>();

  constructor(store: Store, options: RigOptions) {
    this.store = store;
    this.clock = options.clock ?? systemClock;
    this.#config = loadConfig({ WEBHOOK_TIMEOUT_MS: '400', ...options.env });
    this.#ring = createRing(options.ringBytes ?? 1 << 20);
    this.#writer = new RingWriter(this.#ring, new Doorbell(this.#doorbell));
  }

  get actor(): WebhookActor {
    if (!this.#actor) throw new Error('the actor was not started');
    return this.#actor;
  }

  async start(): Promise<void> {
    this.#actor = new WebhookActor({
      boot: { config: this.#config, rings: [this.#ring], doorbell: this.#doorbell },
      store: this.store,
      clock: this.clock,
      log: createLog('silent'),
      tell: (fact) => {
        this.facts.push(fact);
        this.notify();
      },
      ownsStore: false,
    });
    await this.#actor.start();
  }

  async stop(): Promise<void> {
    await this.#actor?.stop();
    this.#actor = null;
  }

  /** Stores the instance with its webhook and tells the actor, if it runs. */
  async configure(id: string, webhook: WebhookConfig | null): Promise<void> {
    if (id === '*') await this.store.commit([{ to: 'globalWebhook', value: webhook }]);
    else await this.store.commit([{ to: 'instanceConfig', id, value: { ...someConfig(id), webhook } }]);
    if (this.#actor) await this.command({ kind: 'ConfigureWebhook', webhook: id, config: webhook });
  }

  command(command: Parameters<WebhookActor['receive']>[0]): Promise<unknown> {
    return Promise.resolve().then(() => this.actor.receive(command));
  }

  /** Makes `count` events, numbered on from the last, in one commit and one frame. */
  async emit(
    count: number,
    { instance = 'shop', chat = 'c', webhooks, isSilent }: Emit = {},
  ): Promise<EventRecord[]> {
    const wanted = webhooks ?? [instance];
    const events = Array.from({ length: count }, () => this.#event(instance, chat));
    await this.store.commit(events.map((event) => ({ to: 'event', event, webhooks: wanted }) as const));
    if (isSilent) this.#frames += 1;
    else this.push(events.map((event) => ({ event, webhooks: wanted })));
    return events;
  }

  push(events: EventFrame['events']): boolean {
    this.#frames += 1;
    return this.#writer.push(encodeEventFrame({ shard: 0, frame: this.#frames, events }));
  }

  /** Resolves when nothing is pending for the webhook any more. */
  async settled(webhook: string): Promise<void> {
    for (;;) {
      const { promise } = this.#changed;
      if ((await this.store.outbox.pendingCount(webhook)) === 0) return;
      await promise;
    }
  }

  /** Resolves when the actor has told such a backlog. */
  async told(isSo: (pending: number) => boolean): Promise<void> {
    while (!this.facts.some(({ pending }) => isSo(pending))) await this.#changed.promise;
  }

  /** Something was committed or told: whoever waits looks again. */
  notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  #event(instance: string, chat: string | null): EventRecord {
    this.#made += 1;
    const at = this.clock.now();
    const seq = this.#sequence.next(at);
    const type = 'message.received';
    const id = `event-${this.#made}`;
    const body = new TextEncoder().encode(JSON.stringify({ id, type, instance, data: { n: this.#made } }));
    return { seq, id, type, instance, chat, at: Math.floor(at), body };
  }
}

/** A rig that is not started yet: configure first, or emit what a restart is to find. */
export async function makeRig(options: RigOptions = {}): Promise<Rig> {
  const store = await openStore(optionsFor(scratchFolder()));
  const rig = new Rig(store, options);
  const { commit } = store;
  store.commit = async (writes) => {
    await commit(writes);
    rig.notify();
  };
  onTestFinished(async () => {
    await rig.stop();
    await store.close();
  });
  return rig;
}

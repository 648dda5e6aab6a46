/**
 * The main thread's picture of all instances: configuration (owned and written here) and status (told by the
 * shards). Loaded at start, fed by shard facts; reads, lists and authentication are answered from it without
 * asking a shard (DECISIONS 11).
 */
import { type Move, planPlacement, proposeMoves, type ShardLoad } from '../actor/placement.ts';
import { present } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { InstanceView } from '../protocol/commands.ts';
import {
  type InstanceConfig,
  type InstanceState,
  type InstanceStatus,
  initialStatus,
  instanceStates,
  restingStates,
  type WebhookConfig,
} from '../protocol/instance.ts';
import type { Store, StoreWrite } from '../store/ports.ts';

export class Directory {
  #store: Store;
  #clock: Clock;
  #configs = new Map<string, InstanceConfig>();
  #statuses = new Map<string, InstanceStatus>();
  #tokens = new Map<string, string>();
  #globalWebhook: WebhookConfig | null = null;
  #held: ReadonlySet<string> = new Set();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Reads everything and places anew what a changed number of shards left without one. Returns the moves that
   * would even the shards out, which are an operator's to make.
   */
  async load(shards: number): Promise<Move[]> {
    const configs = await this.#store.instances.configs();
    const plan = planPlacement(
      configs.map(({ id, shard }) => ({ instance: id, shard })),
      shards,
    );
    const placed = configs.map((config) => ({ ...config, shard: plan.shards.get(config.id) ?? 0 }));
    const moved = new Set(plan.placedAnew);
    const writes = placed.filter(({ id }) => moved.has(id)).map(configWrite);
    if (writes.length > 0) await this.#store.commit(writes);
    for (const config of placed) {
      this.#remember(config);
      this.#statuses.set(config.id, this.#awaited(await this.#loadStatus(config.id)));
    }
    this.#globalWebhook = await this.#store.instances.globalWebhook();
    return proposeMoves(plan.shards, shards);
  }

  /** What was open when the process ended is not open before its shard says so. */
  #awaited(status: InstanceStatus): InstanceStatus {
    if (restingStates.includes(status.state)) return status;
    return { ...status, state: 'connecting', stateSince: this.#clock.now() };
  }

  async #loadStatus(id: string): Promise<InstanceStatus> {
    return (await this.#store.instances.status(id)) ?? initialStatus(id, this.#clock.now());
  }

  get size(): number {
    return this.#configs.size;
  }

  get globalWebhook(): WebhookConfig | null {
    return this.#globalWebhook;
  }

  get(id: string): InstanceView | undefined {
    const config = this.#configs.get(id);
    const status = this.#statuses.get(id);
    return config && status ? { config, status } : undefined;
  }

  /** Rejects `instance_not_found`. */
  find(id: string): InstanceView {
    const view = this.get(id);
    if (!view) throw new AppError('instance_not_found', `There is no instance ${id}.`);
    return view;
  }

  all(): InstanceView[] {
    return [...this.#configs.keys()].map((id) => this.find(id));
  }

  /** Too many of its events are undelivered: its shard keeps it disconnected. */
  isHeld(id: string): boolean {
    return this.#held.has(id);
  }

  hold(ids: ReadonlySet<string>): void {
    this.#held = ids;
  }

  ofShard(shard: number): InstanceView[] {
    return this.all().filter(({ config }) => config.shard === shard);
  }

  instanceOfToken(hash: string): string | undefined {
    return this.#tokens.get(hash);
  }

  loads(elus: readonly number[]): ShardLoad[] {
    return elus.map((elu, shard) => ({ shard, elu, instances: this.ofShard(shard).length }));
  }

  countByState(): Record<InstanceState, number> {
    const counts = Object.fromEntries(instanceStates.map((state) => [state, 0])) as Record<
      InstanceState,
      number
    >;
    for (const { state } of this.#statuses.values()) counts[state] += 1;
    return counts;
  }

  /** Durable, then visible. */
  async save(config: InstanceConfig): Promise<InstanceView> {
    await this.#store.commit([configWrite(config)]);
    this.#remember(config);
    if (!this.#statuses.has(config.id))
      this.#statuses.set(config.id, initialStatus(config.id, this.#clock.now()));
    return this.find(config.id);
  }

  /** Takes over an instance whose rows another thread has just written; it rests until it is hosted. */
  async adopt(id: string, shard: number): Promise<InstanceView> {
    const configs = await this.#store.instances.configs();
    const config = present(
      configs.find((one) => one.id === id),
      `no instance ${id} was imported`,
    );
    const stored = await this.#loadStatus(id);
    const now = this.#clock.now();
    const status: InstanceStatus = restingStates.includes(stored.state)
      ? stored
      : { ...stored, state: 'stopped', stateSince: now };
    await this.#store.commit([
      configWrite({ ...config, shard }),
      { to: 'instanceStatus', id, value: status },
    ]);
    this.#remember({ ...config, shard });
    this.#statuses.set(id, status);
    return this.find(id);
  }

  /** Rejects `instance_exists` and `instance_limit_reached`. */
  assertRoom(id: string, maxInstances: number): void {
    if (this.#configs.has(id)) throw new AppError('instance_exists', `Instance ${id} exists.`);
    if (this.size >= maxInstances)
      throw new AppError(
        'instance_limit_reached',
        `${this.size} of MAX_INSTANCES=${maxInstances} instances exist.`,
      );
  }

  async saveGlobalWebhook(webhook: WebhookConfig | null): Promise<void> {
    await this.#store.commit([{ to: 'globalWebhook', value: webhook }]);
    this.#globalWebhook = webhook;
  }

  /** Takes back a creation that no shard took over. */
  async remove(id: string): Promise<void> {
    await this.#store.eraseInstance(id);
    this.forget(id);
  }

  forget(id: string): void {
    const config = this.#configs.get(id);
    if (config) this.#tokens.delete(config.tokenHash);
    this.#configs.delete(id);
    this.#statuses.delete(id);
  }

  /** A shard told a change. Late news of a removed instance is dropped. */
  changed(status: InstanceStatus): void {
    if (this.#configs.has(status.id)) this.#statuses.set(status.id, status);
  }

  /** The thread died: until it says otherwise its instances are neither open nor gone. */
  shardDied(shard: number, reason: string): void {
    const at = this.#clock.now();
    const lastError = {
      code: 'shard_restarted' as const,
      message: `The owning thread ended (${reason}).`,
      at,
    };
    for (const { status } of this.ofShard(shard)) {
      if (restingStates.includes(status.state)) continue;
      this.#statuses.set(status.id, { ...status, state: 'reconnecting', stateSince: at, lastError });
    }
  }

  #remember(config: InstanceConfig): void {
    const before = this.#configs.get(config.id);
    if (before) this.#tokens.delete(before.tokenHash);
    this.#configs.set(config.id, config);
    this.#tokens.set(config.tokenHash, config.id);
  }
}

const configWrite = (config: InstanceConfig): StoreWrite => ({
  to: 'instanceConfig',
  id: config.id,
  value: config,
});

/**
 * The gateway's commands on the main thread: checks against the directory, writes of configuration, and asks
 * to the owning shard. No HTTP, no WhatsApp: front ends stand on `Commands` (src/protocol/commands.ts).
 */
import { leastLoaded } from '../actor/placement.ts';
import type { AskOptions } from '../actor/protocol.ts';
import { AppError } from '../errors.ts';
import { randomId, randomToken, tokenHash } from '../ids.ts';
import {
  actionTimeoutMs,
  askGraceMs,
  askTimeoutMs,
  mediaFetchTimeoutMs,
  pairingReadyTimeoutMs,
} from '../limits.ts';
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import type {
  BulkResult,
  Commands,
  Credential,
  HealthView,
  InstanceInput,
  InstancePatch,
  InstanceView,
  LetterScope,
  Page,
  ReplayRange,
  SendInput,
  WebhookInput,
} from '../protocol/commands.ts';
import type { Conversations } from '../protocol/conversations.ts';
import {
  defaultInstanceSettings,
  globalWebhookId,
  type InstanceConfig,
  type InstanceStatus,
  type PairingCode,
  type QrShown,
  restingStates,
  type WebhookConfig,
} from '../protocol/instance.ts';
import type { MessageView, NumberResult } from '../protocol/message.ts';
import type { DeadLetter, DeliveryStatus, DeliveryView, WebhookTestResult } from '../protocol/webhook.ts';
import type { Store } from '../store/ports.ts';
import { StoredConversations } from './conversations.ts';
import type { Credentials } from './credentials.ts';
import { WebhookLetters } from './dead-letters.ts';
import type { Directory } from './directory.ts';
import { type ListQuery, listInstances } from './listing.ts';
import { type Hosts, Owners } from './owners.ts';
import { defined, withMessageId } from './shapes.ts';
import { inParts } from './waiting.ts';
import { webhookConfig } from './webhook-config.ts';

export interface CommandsOptions extends Hosts {
  readonly store: Store;
  readonly credentials: Credentials;
  health(): HealthView;
  prometheus(): Promise<string>;
}

type InstanceAsk = 'ConnectInstance' | 'DisconnectInstance' | 'RestartInstance' | 'LogoutInstance';
const asked: AskOptions = { timeoutMs: askTimeoutMs };
const patiently: AskOptions = { timeoutMs: 2 * askTimeoutMs };

export class GatewayCommands implements Commands {
  #options: CommandsOptions;
  #directory: Directory;
  #owners: Owners;
  #letters: WebhookLetters;
  readonly conversations: Conversations;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#directory = options.directory;
    this.#owners = new Owners(options);
    this.#letters = this.#makeLetters();
    this.conversations = new StoredConversations(options.store, options.clock);
  }

  authenticate(key: string): Credential | undefined {
    return this.#options.credentials.authenticate(key);
  }

  // ---- instances

  async createInstance(
    input: InstanceInput,
  ): Promise<{ view: InstanceView; token: string; secret: string | null }> {
    const id = input.id ?? randomId();
    const assertRoom = (): void => this.#directory.assertRoom(id, this.#options.maxInstances);
    assertRoom();
    return this.#options.locks.all(['create', id], async () => {
      assertRoom();
      const token = randomToken('inst');
      const { config, secret } = this.#newConfig(id, input, token);
      await this.#directory.save(config);
      try {
        if (config.webhook) await this.#configureWebhook(id, config.webhook);
        return { view: await this.#owners.host(config, input.connect ?? true), token, secret };
      } catch (error) {
        await this.#directory.remove(id);
        throw error;
      }
    });
  }

  listInstances(query: ListQuery): Page<InstanceView> {
    return listInstances(this.#directory.all(), query);
  }

  getInstance(id: string): InstanceView | undefined {
    return this.#directory.get(id);
  }

  patchInstance(id: string, patch: InstancePatch): Promise<{ view: InstanceView; secret: string | null }> {
    return this.#options.locks.run(id, async () => {
      const { config } = this.#directory.find(id);
      const now = this.#options.clock.now();
      const made = patch.webhook ? webhookConfig(patch.webhook, config.webhook, now) : null;
      const view = await this.#saveConfig({
        ...config,
        webhook: patch.webhook === undefined ? config.webhook : (made?.webhook ?? null),
        settings: { ...config.settings, ...defined(patch.settings ?? {}) },
        proxy: patch.proxy === undefined ? config.proxy : patch.proxy,
        metadata: patch.metadata ?? config.metadata,
      });
      return { view, secret: made?.secret ?? null };
    });
  }

  deleteInstance(id: string, { logout }: { logout: boolean }): Promise<void> {
    return this.#options.locks.run(id, async () => {
      await this.#owners
        .of(id)
        .ask({ kind: 'ReleaseInstance', instance: id, logout, erase: true }, patiently);
      await this.#configureWebhook(id, null);
      this.#directory.forget(id);
    });
  }

  connectInstance(id: string): Promise<InstanceView> {
    return this.#askInstance('ConnectInstance', id);
  }

  disconnectInstance(id: string): Promise<InstanceView> {
    return this.#askInstance('DisconnectInstance', id);
  }

  restartInstance(id: string): Promise<InstanceView> {
    return this.#askInstance('RestartInstance', id);
  }

  logoutInstance(id: string): Promise<InstanceView> {
    return this.#askInstance('LogoutInstance', id);
  }

  /** Not for front ends: what `OutboxGate` decides. */
  async holdInstance(instance: string, isHeld: boolean): Promise<void> {
    this.#learn(await this.#owners.ask({ kind: 'HoldInstance', instance, isHeld }, asked));
  }

  getQr(id: string, waitMs: number): Promise<QrShown> {
    const { health, clock } = this.#options;
    const ask = (partMs: number): Promise<QrShown> =>
      this.#owners.askSettled(
        { kind: 'GetQr', instance: id, waitMs: partMs },
        { timeoutMs: partMs + askGraceMs },
      );
    return inParts({ waitMs, clock, ask, isDraining: () => health().status === 'draining' });
  }

  async requestPairingCode(id: string, phone: string): Promise<PairingCode> {
    const timeoutMs = pairingReadyTimeoutMs + askGraceMs;
    return this.#owners.askSettled({ kind: 'RequestPairingCode', instance: id, phone }, { timeoutMs });
  }

  rotateToken(id: string): Promise<string> {
    return this.#options.locks.run(id, async () => {
      const token = randomToken('inst');
      await this.#saveConfig({ ...this.#directory.find(id).config, tokenHash: tokenHash(token) });
      return token;
    });
  }

  moveInstance(id: string, shard: number): Promise<InstanceView> {
    return this.#options.locks.run(id, async () => {
      const { config, status } = this.#directory.find(id);
      const { length } = this.#options.shards;
      if (shard >= length)
        throw new AppError('validation_failed', `There is no shard ${shard}: there are ${length}, from 0.`);
      if (config.shard === shard) return this.#directory.find(id);
      const release = { kind: 'ReleaseInstance', instance: id, logout: false, erase: false } as const;
      await this.#owners.of(id).ask(release, patiently);
      const moved = { ...config, shard };
      await this.#directory.save(moved);
      return this.#owners.host(moved, !restingStates.includes(status.state));
    });
  }

  // ---- messages and numbers

  async sendMessage(id: string, input: SendInput): Promise<MessageView> {
    const timeoutMs = input.timeoutMs + askGraceMs;
    try {
      return await this.#owners.ask({ kind: 'SendMessage', instance: id, ...input }, { timeoutMs });
    } catch (error) {
      throw withMessageId(error, input.messageId);
    }
  }

  async checkNumbers(id: string, numbers: readonly string[]): Promise<readonly NumberResult[]> {
    return this.#owners.ask({ kind: 'CheckNumbers', instance: id, numbers }, patiently);
  }

  async perform<K extends ActionKind>(instance: string, action: Action<K>): Promise<ActionReply<K>> {
    const command = { kind: 'Perform', instance, action } as const;
    // The shard answers an action with the reply of its kind.
    const timeoutMs = action.kind === 'FetchMedia' ? mediaFetchTimeoutMs : actionTimeoutMs;
    return (await this.#owners.ask(command, { timeoutMs })) as ActionReply<K>;
  }

  // ---- webhooks

  getWebhook(id: string): WebhookConfig | null {
    return id === globalWebhookId ? this.#directory.globalWebhook : this.#directory.find(id).config.webhook;
  }

  setWebhook(id: string, input: WebhookInput): Promise<{ webhook: WebhookConfig; secret: string | null }> {
    return this.#options.locks.run(id, async () => {
      const made = webhookConfig(input, this.getWebhook(id), this.#options.clock.now());
      await this.#saveWebhook(id, made.webhook);
      return made;
    });
  }

  removeWebhook(id: string): Promise<void> {
    return this.#options.locks.run(id, async () => {
      this.#requireWebhook(id);
      await this.#saveWebhook(id, null);
    });
  }

  async testWebhook(id: string): Promise<WebhookTestResult> {
    this.#requireWebhook(id);
    return this.#options.webhooks.ask({ kind: 'TestWebhook', webhook: id }, patiently);
  }

  async listDeliveries(
    id: string,
    status: DeliveryStatus | null,
    limit: number,
  ): Promise<readonly DeliveryView[]> {
    this.#requireWebhook(id);
    return this.#options.webhooks.ask({ kind: 'ListDeliveries', webhook: id, status, limit }, asked);
  }

  async listDeadLetters(
    query: LetterScope & { limit: number; cursor: string | null },
  ): Promise<Page<DeadLetter>> {
    return this.#letters.list(query, query);
  }

  replayDeadLetter(eventId: string, scope: LetterScope): Promise<number> {
    return this.#letters.replayOne(eventId, scope);
  }

  replayDeadLetters(scope: LetterScope): Promise<BulkResult> {
    return this.#letters.replayAll(scope);
  }

  purgeDeadLetter(eventId: string, scope: LetterScope): Promise<number> {
    return this.#letters.purgeOne(eventId, scope);
  }

  purgeDeadLetters(scope: LetterScope): Promise<BulkResult> {
    return this.#letters.purgeAll(scope);
  }

  replayEvents(id: string, range: ReplayRange): Promise<{ replayed: number; next: number | null }> {
    return this.#letters.replayEvents(id, range);
  }

  // ---- monitoring

  health(): HealthView {
    return this.#options.health();
  }

  prometheus(): Promise<string> {
    return this.#options.prometheus();
  }

  // ---- parts

  #learn(status: InstanceStatus): InstanceView {
    this.#directory.changed(status);
    return this.#directory.find(status.id);
  }

  async #askInstance(kind: InstanceAsk, instance: string): Promise<InstanceView> {
    return this.#learn(await this.#owners.askSettled({ kind, instance }, asked));
  }

  async #configureWebhook(webhook: string, config: WebhookConfig | null): Promise<void> {
    await this.#options.webhooks.ask({ kind: 'ConfigureWebhook', webhook, config }, asked);
  }

  async #saveConfig(config: InstanceConfig): Promise<InstanceView> {
    const view = await this.#directory.save(config);
    await this.#configureWebhook(config.id, config.webhook);
    await this.#owners.of(config.id).ask({ kind: 'ConfigureInstance', config }, asked);
    return view;
  }

  async #saveWebhook(id: string, webhook: WebhookConfig | null): Promise<void> {
    if (id !== globalWebhookId) {
      await this.#saveConfig({ ...this.#directory.find(id).config, webhook });
      return;
    }
    await this.#directory.saveGlobalWebhook(webhook);
    await this.#configureWebhook(id, webhook);
    const { shards } = this.#options;
    await Promise.all(shards.map((shard) => shard.ask({ kind: 'ConfigureGlobalWebhook', webhook }, asked)));
  }

  #makeLetters(): WebhookLetters {
    const { store, clock, webhooks } = this.#options;
    return new WebhookLetters({
      ...{ store, clock },
      webhookOf: (id) => (id === globalWebhookId || this.#directory.get(id) ? this.getWebhook(id) : null),
      instances: () => this.#directory.all().map(({ config }) => config.id),
      page: async (webhook) => void (await webhooks.ask({ kind: 'PageOutbox', webhook }, asked)),
    });
  }

  #requireWebhook(id: string): void {
    const whose = id === globalWebhookId ? 'all instances' : `instance ${id}`;
    if (!this.getWebhook(id)) throw new AppError('webhook_not_set', `No webhook is set for ${whose}.`);
  }

  #newConfig(
    id: string,
    input: InstanceInput,
    token: string,
  ): { config: InstanceConfig; secret: string | null } {
    const now = this.#options.clock.now();
    const made = input.webhook ? webhookConfig(input.webhook, null, now) : null;
    const config: InstanceConfig = {
      id,
      createdAt: now,
      shard: leastLoaded(this.#directory.loads(this.#options.shardElus())),
      tokenHash: tokenHash(token),
      settings: { ...defaultInstanceSettings, ...defined(input.settings ?? {}) },
      webhook: made?.webhook ?? null,
      proxy: input.proxy ?? null,
      metadata: input.metadata ?? {},
    };
    return { config, secret: made?.secret ?? null };
  }
}

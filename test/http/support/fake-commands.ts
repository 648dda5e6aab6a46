/**
 * A stand-in for the directory behind `Commands`: instances in a map, calls recorded, and hooks to make a
 * command wait or fail. Only for tests of the front.
 */
import { AppError } from '../../../src/errors.ts';
import { tokenHash } from '../../../src/ids.ts';
import type { Action, ActionKind, ActionReply } from '../../../src/protocol/actions.ts';
import type {
  Commands,
  InstanceInput,
  InstanceView,
  LetterScope,
  ReplayRange,
  SendInput,
  WebhookInput,
} from '../../../src/protocol/commands.ts';
import type { Conversations, MessageDetail } from '../../../src/protocol/conversations.ts';
import {
  defaultInstanceSettings,
  type InstanceState,
  initialStatus,
  type WebhookConfig,
} from '../../../src/protocol/instance.ts';
import type { MessageView } from '../../../src/protocol/message.ts';

export const adminKey = 'admin-key-of-the-tests';
export const testSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
export const fixedNow = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const party = (digits: string) => ({
  jid: `${digits}@s.whatsapp.net`,
  pn: `${digits}@s.whatsapp.net`,
  lid: null,
});

export function messageView(
  instance: string,
  input: Pick<SendInput, 'messageId' | 'to'>,
  text: string,
): MessageView {
  return {
    id: input.messageId,
    instance,
    chat: party('5511988887777'),
    from: party('5511900000001'),
    to: party('5511988887777'),
    fromMe: true,
    type: 'text',
    text,
    media: null,
    quote: null,
    timestamp: fixedNow,
    status: 'sent',
    statusAt: fixedNow + 5,
    error: null,
  };
}

const messageDetail = (instance: string, messageId: string): MessageDetail => ({
  ...messageView(instance, { messageId, to: '' }, 'read'),
  editedAt: null,
  deletedAt: null,
  isStarred: false,
  pinnedUntil: null,
  reactions: [],
  votes: [],
});

function webhookConfig(input: WebhookInput): WebhookConfig {
  return {
    url: input.url,
    events: input.events ?? ['*'],
    headers: input.headers ?? {},
    ordered: input.ordered ?? true,
    enabled: input.enabled ?? true,
    secret: input.secret ?? testSecret,
    previousSecret: null,
    previousSecretUntil: null,
  };
}

const someParty = { jid: '5511988887777@s.whatsapp.net', pn: null, lid: null };
const someGroup = { id: '120363041234567890@g.us', subject: 'Cast', createdAt: fixedNow };
const someNewsletter = {
  id: '120363041234567890@newsletter',
  name: 'Premieres',
  invite: null,
  createdAt: null,
};
const each = (kinds: readonly ActionKind[], reply: unknown): Partial<Record<ActionKind, unknown>> =>
  Object.fromEntries(kinds.map((kind) => [kind, reply]));
/** What actions answer whose replies the routes take apart. */
const replies: Partial<Record<ActionKind, unknown>> = {
  ChangeChat: { chat: someParty, archived: true },
  GetContactAbout: { contact: someParty, about: null, setAt: null },
  ...each(['CreateCommunity', 'GetGroup', 'GetInvitedGroup', 'UpdateGroup'], someGroup),
  CreateGroup: { group: someGroup, results: [] },
  ListGroups: { items: [someGroup], next: null },
  ...each(['ChangeMembers', 'DecideJoinRequests', 'ListJoinRequests', 'ListLinkedGroups'], []),
  ...each(['CreateNewsletter', 'GetNewsletter', 'GetInvitedNewsletter', 'UpdateNewsletter'], someNewsletter),
  ListNewsletterMessages: { items: [], next: null },
  FetchMedia: {
    place: { in: 'spool', id: 'f1' },
    kind: 'image',
    mimetype: 'image/png',
    filename: null,
    mediaKey: null,
  },
};

export class FakeCommands implements Commands {
  readonly instances = new Map<string, InstanceView>();
  readonly tokens = new Map<string, string>();
  readonly webhooks = new Map<string, WebhookConfig>();
  readonly sent: { instance: string; input: SendInput }[] = [];
  readonly calls: string[] = [];
  healthStatus: 'ok' | 'starting' | 'degraded' | 'draining' = 'ok';
  /** Runs before a message is answered: wait or throw here. */
  beforeSend: (input: SendInput) => Promise<void> = async () => {};
  beforeQr: () => Promise<void> = async () => {};

  authenticate(key: string) {
    if (key === adminKey) return { kind: 'admin' } as const;
    const instance = this.tokens.get(tokenHash(key));
    return instance === undefined ? undefined : ({ kind: 'instance', instance } as const);
  }

  /** Adds an instance as if it existed; answers its token. */
  seed(id: string, input: InstanceInput = {}): string {
    const token = `token-of-${id}`;
    const webhook = input.webhook ? webhookConfig(input.webhook) : null;
    if (webhook) this.webhooks.set(id, webhook);
    this.tokens.set(tokenHash(token), id);
    this.instances.set(id, {
      config: {
        id,
        createdAt: fixedNow,
        shard: 0,
        tokenHash: tokenHash(token),
        settings: { ...defaultInstanceSettings, ...input.settings },
        webhook,
        proxy: input.proxy ?? null,
        metadata: input.metadata ?? {},
      },
      status: initialStatus(id, fixedNow),
    });
    return token;
  }

  #view(id: string): InstanceView {
    const view = this.instances.get(id);
    if (!view) throw new AppError('instance_not_found', `there is no instance "${id}"`);
    return view;
  }

  #moveTo(id: string, state: InstanceState): InstanceView {
    const { config, status } = this.#view(id);
    const view = { config, status: { ...status, state } };
    this.instances.set(id, view);
    return view;
  }

  async createInstance(input: InstanceInput) {
    this.calls.push('createInstance');
    const id = input.id ?? `made-${this.instances.size}`;
    if (this.instances.has(id)) throw new AppError('instance_exists', `"${id}" exists`);
    const token = this.seed(id, input);
    return {
      view: this.#view(id),
      token,
      secret: input.webhook ? (input.webhook.secret ?? testSecret) : null,
    };
  }

  listInstances(query: Parameters<Commands['listInstances']>[0]) {
    const all = [...this.instances.values()].filter(
      ({ config, status }) =>
        (query.only === null || config.id === query.only) &&
        (query.state === null || status.state === query.state) &&
        (query.q === null || config.id.includes(query.q)) &&
        (query.cursor === null || config.id > query.cursor),
    );
    const items = all.slice(0, query.limit);
    return { items, next: all.length > items.length ? (items.at(-1)?.config.id ?? null) : null };
  }

  getInstance(id: string) {
    return this.instances.get(id);
  }

  async patchInstance(id: string, patch: InstanceInput) {
    const { config, status } = this.#view(id);
    const webhook =
      patch.webhook === undefined ? config.webhook : patch.webhook && webhookConfig(patch.webhook);
    const settings = { ...config.settings, ...patch.settings };
    const view = {
      config: { ...config, webhook, settings, metadata: patch.metadata ?? config.metadata },
      status,
    };
    this.instances.set(id, view);
    return { view, secret: patch.webhook ? testSecret : null };
  }

  async deleteInstance(id: string, options: { logout: boolean }) {
    this.#view(id);
    this.calls.push(`deleteInstance logout=${options.logout}`);
    this.instances.delete(id);
  }

  connectInstance = async (id: string) => this.#moveTo(id, 'connecting');
  disconnectInstance = async (id: string) => this.#moveTo(id, 'stopped');
  restartInstance = async (id: string) => this.#moveTo(id, 'connecting');
  logoutInstance = async (id: string) => this.#moveTo(id, 'logged_out');

  async getQr(_id: string, waitMs: number) {
    this.calls.push(`getQr ${waitMs}`);
    await this.beforeQr();
    return { qr: '2@abc,def,ghi', expiresAt: fixedNow + 20_000 };
  }

  async requestPairingCode() {
    return { code: 'ABCD-EFGH', expiresAt: fixedNow + 60_000 };
  }

  async rotateToken(id: string) {
    const token = `rotated-token-of-${id}`;
    this.tokens.set(tokenHash(token), id);
    return token;
  }

  async moveInstance(id: string, shard: number) {
    const { config, status } = this.#view(id);
    const view = { config: { ...config, shard }, status };
    this.instances.set(id, view);
    return view;
  }

  async sendMessage(id: string, input: SendInput) {
    this.sent.push({ instance: id, input });
    await this.beforeSend(input);
    return messageView(id, input, 'text' in input.content ? input.content.text : '');
  }

  readonly conversations: Conversations = {
    async message(id, messageId, chat) {
      if (messageId === 'TWICE' && chat === null)
        throw new AppError('ambiguous_message', 'two messages have the id');
      return messageId === 'NONE' ? undefined : messageDetail(id, messageId);
    },
    async target(id, messageId) {
      if (messageId === 'NONE') throw new AppError('not_found', 'there is no such message');
      const view = messageDetail(id, messageId);
      const key = { id: messageId, remoteJid: view.chat.jid, fromMe: true, participant: null };
      return { key, chatId: view.chat.jid, view };
    },
    async order(id, messageId, chat, operation) {
      const { key, chatId } = await this.target(id, messageId, chat);
      return { chat: chatId, content: { type: 'reaction', target: key, emoji: operation.kind } };
    },
    messages: async (id) => ({ items: [messageDetail(id, 'LISTED')], next: null }),
    chats: async () => ({ items: [], next: null }),
    chat: async (id) => ({
      ...party('5511988887777'),
      name: 'Anna',
      at: fixedNow,
      unread: 1,
      isMarkedUnread: false,
      isArchived: false,
      isPinned: false,
      mutedUntil: null,
      ephemeralSeconds: null,
      lastMessage: messageDetail(id, 'LAST'),
    }),
    contacts: async () => ({ items: [], next: null }),
    contact: async () => ({ ...party('5511988887777'), name: null, pushName: 'Anna', businessName: null }),
  };

  async checkNumbers(_id: string, numbers: readonly string[]) {
    return numbers.map((input) => ({ input, exists: true, ...party('5511988887777'), cached: false }));
  }

  /** Actions that were asked, and what the next ones answer. */
  readonly performed: { instance: string; action: Action }[] = [];
  replyTo: (action: Action) => unknown = ({ kind }) => replies[kind] ?? null;

  async perform<K extends ActionKind>(instance: string, action: Action<K>) {
    this.performed.push({ instance, action });
    return this.replyTo(action) as ActionReply<K>;
  }

  getWebhook(id: string) {
    return this.webhooks.get(id) ?? null;
  }

  async setWebhook(id: string, input: WebhookInput) {
    const webhook = webhookConfig(input);
    this.webhooks.set(id, webhook);
    return { webhook, secret: webhook.secret };
  }

  async removeWebhook(id: string) {
    this.webhooks.delete(id);
  }

  async testWebhook() {
    return { delivered: true, httpStatus: 200, tookMs: 3, body: 'ok', error: null };
  }

  async listDeliveries(id: string) {
    return [
      {
        eventId: 'e1',
        type: 'webhook.test',
        instance: id,
        attempt: 1,
        at: fixedNow,
        tookMs: 4,
        httpStatus: 200,
        result: 'delivered' as const,
        error: null,
        nextAt: null,
      },
    ];
  }

  /** What was asked of dead letters and of the log. */
  readonly replays: unknown[] = [];

  async listDeadLetters(query: Parameters<Commands['listDeadLetters']>[0]) {
    this.replays.push(query);
    const letter = {
      ...{ webhook: '*', seq: 7, instance: 'a', eventId: 'e1', type: 'message.received', at: fixedNow },
      ...{ deadAt: fixedNow, attempts: 12, httpStatus: 410, error: 'HTTP 410: gone' },
    };
    return { items: [letter], next: '*:7' };
  }

  async replayDeadLetter(eventId: string, scope: LetterScope) {
    this.replays.push({ eventId, ...scope });
    return 2;
  }

  async replayDeadLetters(scope: LetterScope) {
    this.replays.push(scope);
    return { count: 10, hasMore: true };
  }

  async purgeDeadLetter(eventId: string, scope: LetterScope) {
    this.replays.push({ eventId, ...scope });
    return 1;
  }

  async purgeDeadLetters(scope: LetterScope) {
    this.replays.push(scope);
    return { count: 3, hasMore: false };
  }

  async replayEvents(id: string, range: ReplayRange) {
    this.replays.push({ id, ...range });
    return { replayed: 4, next: 99 };
  }

  health() {
    const states = { created: 0, connecting: 0, qr: 0, pairing: 0, open: 0 };
    const others = { reconnecting: 0, logged_out: 0, failed: 0, stopped: 0 };
    const checks = { store: { ok: true, detail: 'writes in 1 ms' } };
    return { status: this.healthStatus, checks, instances: { ...states, ...others } };
  }

  async prometheus() {
    return '# HELP up Up\n# TYPE up gauge\nup 1\n';
  }
}

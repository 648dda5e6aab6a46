/**
 * The actor of one instance: carries out what `lifecycle.ts` decides (one socket at a time, the old one ended
 * before the next starts), turns facts of the socket into durable events, and answers commands. Every change
 * of state goes through `#advance`.
 */
import { iso, type Timer } from '../clock.ts';
import { AppError, toFailure } from '../errors.ts';
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import {
  type InstanceConfig,
  type InstanceStatus,
  type PairingCode,
  type QrShown,
  restingStates,
} from '../protocol/instance.ts';
import type { MessageView, NumberResult, Party } from '../protocol/message.ts';
import type { StoreWrite } from '../store/ports.ts';
import { phoneDigits } from '../whatsapp/addresses.ts';
import type { WaFact, WaSocket } from '../whatsapp/wa-socket.ts';
import { Connection } from './connection.ts';
import type { InstanceEnvironment } from './environment.ts';
import { advance, type Effect, type Lifecycle, type LifecycleEvent } from './lifecycle.ts';
import { followSettings } from './live-settings.ts';
import { Outgoing, type SendRequest } from './outgoing.ts';
import { QrBoard } from './qr-board.ts';
import { Records } from './records.ts';
import { resolverOf } from './resolve-all.ts';
import { statusChange } from './status-change.ts';
import { Tally } from './tally.ts';

const sendable: readonly string[] = ['open', 'connecting', 'reconnecting'];

export class Instance {
  readonly id: string;
  #env: InstanceEnvironment;
  #config: InstanceConfig;
  #settings: InstanceConfig['settings'];
  #lifecycle: Lifecycle;
  #stateSince: number;
  #tally: Tally;
  #connection: Connection;
  #reconnect: Timer | null = null;
  #outgoing: Outgoing;
  #board: QrBoard;
  #records: Records;

  constructor(config: InstanceConfig, status: InstanceStatus, env: InstanceEnvironment) {
    this.id = config.id;
    this.#env = env;
    this.#config = config;
    this.#settings = { ...config.settings };
    const { state, me, lastError, reconnects } = status;
    this.#lifecycle = { state, me, lastError, reconnects, failures: 0, isHeld: false };
    this.#stateSince = status.stateSince;
    this.#tally = new Tally(status);
    this.#board = new QrBoard(env.clock);
    this.#records = this.#makeRecords();
    this.#connection = this.#makeConnection();
    this.#outgoing = this.#makeOutgoing();
  }

  get outgoingDepth(): number {
    return this.#outgoing.depth;
  }

  get status(): InstanceStatus {
    const { state, me, lastError, reconnects } = this.#lifecycle;
    const { lastInboundAt, lastOutboundAt, counts } = this.#tally;
    return {
      id: this.id,
      state,
      stateSince: this.#stateSince,
      me,
      lastError,
      reconnects,
      lastInboundAt,
      lastOutboundAt,
      counts,
    };
  }

  /** Takes over what an earlier thread left. */
  async start(connect: boolean, isHeld: boolean): Promise<void> {
    await this.#outgoing.load();
    this.#lifecycle = { ...this.#lifecycle, isHeld };
    if (connect)
      this.#advance({ kind: restingStates.includes(this.#lifecycle.state) ? 'ConnectAsked' : 'TakenOver' });
  }

  configure(config: InstanceConfig): void {
    this.#config = config;
    const asked = followSettings(this.#settings, config.settings);
    if (asked && this.#lifecycle.state === 'open') this.#records.later(this.perform(asked));
  }

  connect(): InstanceStatus {
    if (this.#lifecycle.state === 'open') throw new AppError('already_open', `Instance ${this.id} is open.`);
    return this.#advance({ kind: 'ConnectAsked' });
  }

  hold(isHeld: boolean): InstanceStatus {
    return this.#advance({ kind: isHeld ? 'OutboxFull' : 'OutboxDrained' });
  }

  disconnect(): InstanceStatus {
    return this.#advance({ kind: 'DisconnectAsked' });
  }

  restart(): InstanceStatus {
    return this.#advance({ kind: 'RestartAsked' });
  }

  logout(): InstanceStatus {
    return this.#advance({ kind: 'LogoutAsked' });
  }

  /** Ends the socket and resolves when nothing of this instance runs here any more; its state is kept. */
  async stop(): Promise<void> {
    this.#reconnect?.cancel();
    const error = new AppError('draining', `Instance ${this.id} leaves this thread.`, { retryAfterMs: 500 });
    this.#outgoing.end(error);
    this.#board.fail(error);
    await Promise.all([this.#connection.close(), this.#outgoing.idle()]);
    await this.#records.statuses.idle();
    // What moved since the last change of state: the next owner opens the most active first by it.
    await this.#saveStatus([]);
  }

  async getQr(waitMs: number): Promise<QrShown> {
    const { state } = this.#lifecycle;
    if (state === 'open')
      throw new AppError('already_open', `Instance ${this.id} is open: there is nothing to scan.`);
    this.#wake();
    return this.#board.next(waitMs);
  }

  /** Asking for a code opens a resting instance; one that WhatsApp refuses for good is paired anew. */
  #wake(): void {
    const { state } = this.#lifecycle;
    if (restingStates.includes(state))
      this.#advance({ kind: state === 'failed' ? 'PairAnewAsked' : 'ConnectAsked' });
  }

  async requestPairingCode(phone: string): Promise<PairingCode> {
    const { state } = this.#lifecycle;
    if (state === 'open') throw new AppError('already_open', `Instance ${this.id} is open.`);
    this.#wake();
    await this.#board.next(this.#env.limits.pairingReadyTimeoutMs);
    const code = await this.#openSocket().requestPairingCode(phoneDigits(phone));
    this.#advance({ kind: 'PairingCodeShown' });
    return code;
  }

  async send(request: SendRequest): Promise<MessageView> {
    const { state } = this.#lifecycle;
    if (!sendable.includes(state)) throw this.#notOpen();
    return this.#outgoing.send(request);
  }

  async checkNumbers(numbers: readonly string[]): Promise<readonly NumberResult[]> {
    const digits = numbers.map(phoneDigits);
    const results = await this.#env.numbers.check(digits, (asked) => this.#openSocket().queryNumbers(asked));
    return results.map((result, index) => ({ ...result, input: numbers[index] ?? result.input }));
  }

  async perform<K extends ActionKind>(action: Action<K>): Promise<ActionReply<K>> {
    if (this.#lifecycle.state !== 'open') throw this.#notOpen();
    return this.#openSocket().perform(action, resolverOf(this));
  }

  #openSocket(): WaSocket {
    return this.#connection.required(() => this.#notOpen());
  }

  #notOpen(): AppError {
    const { state, lastError } = this.#lifecycle;
    const why = lastError ? ` Last error: ${lastError.message}` : '';
    return new AppError('instance_not_open', `Instance ${this.id} is ${state}.${why}`);
  }

  // ---- state

  #advance(event: LifecycleEvent): InstanceStatus {
    if (this.#connection.isClosed) return this.status;
    const before = this.#lifecycle;
    const { next, effects, reason } = advance(before, event, this.#env.policy);
    this.#lifecycle = next;
    if (next.state !== before.state) this.#stateChanged(before.state, reason);
    else if (next !== before) this.#records.later(this.#saveStatus([]));
    for (const effect of effects) this.#carryOut(effect);
    return this.status;
  }

  #stateChanged(previous: Lifecycle['state'], reason: string | null): void {
    const { state } = this.#lifecycle;
    this.#stateSince = this.#env.clock.now();
    this.#env.log.info({ instance: this.id, previous, state, reason }, 'instance state');
    if (state !== 'connecting' && state !== 'reconnecting') this.#connection.handshakeOver();
    if (state !== 'qr') this.#board.clear();
    if (restingStates.includes(state)) this.#rest();
    const data = { state, previous, reason };
    const event = this.#records.writeEvent({ type: 'instance.state', chat: null, data });
    this.#records.later(this.#saveStatus([event]));
  }

  #rest(): void {
    const error = this.#notOpen();
    this.#outgoing.rest(error);
    this.#board.fail(error);
  }

  /** Never rejects: a status that could not be written is written at the next change. */
  #saveStatus(events: readonly StoreWrite[]): Promise<void> {
    this.#env.tellChanged(this);
    const writes: StoreWrite[] = [{ to: 'instanceStatus', id: this.id, value: this.status }, ...events];
    const failed = (error: unknown): void => this.#records.log(error, 'instance write failed');
    return this.#records.commit(writes).catch(failed);
  }

  // ---- effects

  #carryOut(effect: Effect): void {
    if (effect.do !== 'reconnectAfter' && effect.do !== 'cancelReconnect') this.#outgoing.setSocket(null);
    switch (effect.do) {
      case 'open':
        this.#connection.open();
        break;
      case 'end':
        this.#connection.end();
        break;
      case 'logout':
        this.#connection.logout();
        break;
      case 'eraseSession':
        this.#connection.run(() => this.#env.store.eraseSession(this.id));
        break;
      case 'cancelReconnect':
        this.#reconnect?.cancel();
        break;
      case 'reconnectAfter':
        this.#env.metrics.reconnected();
        this.#reconnect = this.#env.clock.after(effect.delayMs, () =>
          this.#advance({ kind: 'ReconnectDue' }),
        );
    }
  }

  #openFailed(error: unknown): void {
    const { code, detail } = toFailure(error);
    this.#advance({ kind: 'OpenFailed', error: { code, message: detail, at: this.#env.clock.now() } });
  }

  // ---- facts of the socket

  #onFact(fact: WaFact): void {
    switch (fact.kind) {
      case 'QrShown':
        this.#onQr(fact);
        break;
      case 'MessageSent':
        this.#onMessageSent(fact);
        break;
      case 'StatusesChanged':
        this.#records.later(this.#records.statuses.raise(fact.updates.map(statusChange)));
        break;
      case 'EventsRaised':
        this.#records.later(this.#records.messages.raise(fact.events, fact.writes));
        break;
      case 'MessageWanted':
        this.#records.later(this.#outgoing.send({ ...fact, quote: null, wait: 'queued', timeoutMs: 0 }));
        break;
      case 'Opened':
        this.#advance(fact);
        this.#outgoing.setSocket(this.#connection.socket);
        break;
      default:
        this.#advance(fact);
    }
  }

  #onQr(shown: QrShown): void {
    this.#advance({ kind: 'QrShown' });
    this.#board.show({ qr: shown.qr, expiresAt: shown.expiresAt });
    const data = { qr: shown.qr, expiresAt: iso(shown.expiresAt) };
    const event = this.#records.writeEvent({ type: 'instance.qr', chat: null, data });
    this.#records.later(this.#records.commit([event]));
  }

  #onMessageSent({ message, source }: Extract<WaFact, { kind: 'MessageSent' }>): void {
    const writes = this.#records.messages.writes('message.sent', message, source);
    this.#records.later(writes.then(this.#records.commit));
  }

  // ---- parts

  #me(): Party {
    const { me } = this.#lifecycle;
    return me ? { jid: me.jid, pn: me.pn, lid: me.lid } : { jid: '', pn: null, lid: null };
  }

  #makeConnection(): Connection {
    return new Connection({
      slots: this.#env.slots,
      open: (onFact) =>
        this.#env.openSocket({
          ...{ instance: this.id, caches: this.#env.caches },
          settings: this.#settings,
          proxyUrl: this.#config.proxy?.url ?? null,
          onFact,
          ...this.#records.recording(),
        }),
      onFact: (fact) => this.#onFact(fact),
      onOpenFailed: (error) => this.#openFailed(error),
      onFailure: (error) => this.#records.log(error, 'instance transition failed'),
    });
  }

  #makeRecords(): Records {
    return new Records({
      env: this.#env,
      config: () => this.#config,
      onReceived: () => this.#received(),
      queued: (id) => this.#outgoing.queued(id),
      onRaised: (view) => this.#raised(view),
      groupSubject: (jid) => this.#groupSubject(jid),
    });
  }

  async #groupSubject(jid: string): Promise<string | null> {
    if (this.#lifecycle.state !== 'open') return null;
    const asked = this.perform({ kind: 'GetGroup', input: { gid: jid } });
    return asked.then(
      ({ subject }) => subject,
      () => null,
    );
  }

  #received(): void {
    this.#tally.received(this.#env.clock.now());
    this.#env.counted(this);
    this.#env.metrics.inbound();
  }

  #raised(view: MessageView): void {
    if (!this.#outgoing.reached(view)) return;
    if (view.status === 'failed') this.#tally.refused();
    else this.#tally.sent(view.statusAt);
    this.#env.counted(this);
    this.#env.metrics.outbound(view.error?.code ?? 'sent');
    if (view.status !== 'failed') this.#env.metrics.acknowledged(view.statusAt - view.timestamp);
  }

  #makeOutgoing(): Outgoing {
    return new Outgoing({
      instance: this.id,
      store: this.#env.store,
      clock: this.#env.clock,
      settings: () => this.#config.settings,
      me: () => this.#me(),
      resolveAll: resolverOf(this),
      party: (jid) => this.#openSocket().resolveParty(jid),
      quoted: (id, chat) => this.#records.messages.quoted(id, chat),
      listed: (record) => this.#records.messages.listed(record),
      raise: (change) => this.#records.later(this.#records.statuses.raise([change])),
      release: (content) => this.#env.releaseMedia(content),
      onFailure: (error) => this.#records.log(error, 'send failed'),
    });
  }
}

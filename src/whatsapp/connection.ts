/**
 * One Baileys socket and everything around it: guard, journal, sender, facts, deadlines, and its end.
 * Made by `connect.ts`. After `Closed` nothing of it touches the account; `end()` resolves when its work
 * in flight is over, and only then the account is free for a successor.
 */
import {
  type BinaryNode,
  buildAckStanza,
  type makeWASocket,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { errorFields } from '../log.ts';
import type { Me } from '../protocol/instance.ts';
import type { Account } from './account.ts';
import { AccountRecords } from './account-records.ts';
import { resolvedParty } from './addresses.ts';
import { FirstAppState } from './app-state.ts';
import { createAuthKeys } from './auth-keys.ts';
import type { CredsKeeper } from './auth-state.ts';
import { joinCaches } from './cache-board.ts';
import { createDeviceCache, type DeviceCache, GroupCache, PlaceholderCache } from './caches.ts';
import { Capabilities } from './capabilities.ts';
import { closeCauseOf, phaseTimedOut, storeFailed, upgradeRefused } from './close-cause.ts';
import { meOfKeeper, subscribe } from './events.ts';
import { FactQueue } from './fact-queue.ts';
import { FrameGate, inOneWrite, inOneWriteUntilTick, type RawSocket } from './frame-gate.ts';
import { Journal } from './journal.ts';
import { createKeyTransactions } from './key-transactions.ts';
import { LidMapping } from './lid-mapping.ts';
import { closeTimeoutMs, eventsHeldMs } from './limits.ts';
import { queryNumbers } from './numbers.ts';
import { handleInOrder } from './ordered-stanzas.ts';
import { OwnMessages } from './own-messages.ts';
import { takeOwnName } from './own-name.ts';
import { logout, requestPairingCode } from './pairing.ts';
import { PhaseDeadline } from './phase-deadline.ts';
import { Receipts } from './receipts.ts';
import { socketEnded } from './refusals.ts';
import { Sender, sentMessage } from './send.ts';
import { renewSenderKey, someoneLeft } from './sender-key-renewal.ts';
import { SessionGuard } from './session-guard.ts';
import { createSignalPort } from './signal-repository.ts';
import { ignores, socketConfig } from './socket-config.ts';
import { dispatchOnce } from './stanza-dispatch.ts';
import { traced } from './traces.ts';
import type { CloseCause, WaSocket, WaSocketOptions } from './wa-socket.ts';

type LidMember = SignalRepositoryWithLIDStore['lidMapping'];

export class Connection {
  private readonly options: WaSocketOptions;
  private readonly account: Account;
  private readonly records: AccountRecords;
  private readonly keeper: CredsKeeper;
  private readonly lids: LidMapping;
  private readonly journal: Journal;
  private readonly groups: GroupCache;
  private readonly devices: DeviceCache;
  private readonly leaveCaches: () => void;
  private readonly placeholders = new PlaceholderCache();
  private readonly own = new OwnMessages();
  private readonly facts: FactQueue;
  private readonly guard: SessionGuard;
  private readonly deadline: PhaseDeadline;
  private readonly sock: WASocket;
  private readonly sender: Sender;
  private readonly capabilities: Capabilities;
  private readonly keys: SignalKeyStore;
  private readonly appState: FirstAppState;
  private readonly pairable = Promise.withResolvers<void>();
  private readonly gate = new FrameGate(
    () => this.keeper.pending,
    (error) => this.cut(storeFailed(String(error))),
  );
  private isOpen = false;
  private cause: CloseCause | undefined;
  private releaseEvents: Timer | undefined;
  private ending: Promise<void> | undefined;
  private readonly closing = Promise.withResolvers<void>();

  constructor(options: WaSocketOptions, account: Account, keeper: CredsKeeper, make: typeof makeWASocket) {
    this.options = options;
    this.account = account;
    this.keeper = keeper;
    this.groups = new GroupCache(options.clock, options.caches.groups);
    this.devices = createDeviceCache(options.store, options.instance, options.caches.devices);
    const { groups, devices } = this;
    this.leaveCaches = joinCaches(options.caches, options.instance, { groups, devices });
    this.facts = new FactQueue(options.onFact, (error) => this.report(error, 'a fact failed'));
    this.guard = new SessionGuard((error) => this.cut(storeFailed(error.message)));
    this.records = new AccountRecords(options.store, options.instance, this.guard.storeFailed);
    this.lids = new LidMapping(this.records, options.clock);
    this.deadline = new PhaseDeadline(options.clock, options.connectTimeoutMs, (phase, timeoutMs) =>
      this.cut(phaseTimedOut(phase, timeoutMs)),
    );
    this.journal = this.createJournal();
    this.keys = createAuthKeys(this.records, this.guard.guard);
    detach(this.pairable.promise, () => undefined);
    this.sock = make(this.createConfig());
    Object.assign(this.sock.authState.keys, createKeyTransactions(this.keys));
    this.own.listen(this.sock);
    this.appState = new FirstAppState(this.sock, this.keeper);
    this.sender = new Sender({
      sock: this.sock,
      groups: this.groups,
      lids: this.lids,
      clock: options.clock,
      dataDir: options.dataDir,
      me: this.me,
      hasEnded: () => this.guard.isEnded,
      holdFrames: (stored) => this.gate.hold(stored),
      messagesOf: this.messagesOf,
    });
    this.capabilities = new Capabilities({
      ...{ options, sock: this.sock, lids: this.lids, groups: this.groups, facts: this.facts },
      me: this.me,
      guard: this.guard.guard,
      report: (error, what) => this.report(error, what),
    });
    this.listen();
  }

  asSocket(): WaSocket {
    const connection = this;
    const { sender, lids, sock, keeper, options } = this;
    const pairing = { sock, keeper, clock: options.clock, ready: this.pairable.promise };
    return {
      get isOpen() {
        return connection.isOpen;
      },
      encode: (message) => sender.encode(message),
      send: (...message) => this.whenOpen(() => sender.send(...message)),
      queryNumbers: (numbers) => this.whenOpen(() => queryNumbers({ sock, lids }, numbers)),
      perform: (...asked) => this.whenOpen(() => this.capabilities.perform(...asked)),
      requestPairingCode: (phone) => requestPairingCode(pairing, phone),
      logout: () => connection.unlinked(() => logout(pairing)),
      end: () => connection.end(),
      resolveParty: (jid) => resolvedParty(lids, jid),
    };
  }

  /** Before the handshake is over Baileys would write a stanza unencrypted, and the server would hang up. */
  private async whenOpen<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOpen) return work();
    if (this.guard.isEnded) throw socketEnded();
    throw new AppError('instance_not_open', 'The connection is still being made.', { retryAfterMs: 1_000 });
  }

  private createJournal(): Journal {
    const { options, lids, records } = this;
    return new Journal({
      instance: options.instance,
      lids,
      me: this.me,
      records,
      outbox: options.store.outbox,
      conversations: options.store.conversations,
      options,
    });
  }

  private createConfig(): ReturnType<typeof socketConfig> {
    const { options, records, keeper, lids, journal, groups } = this;
    const { guard } = this.guard;
    return socketConfig({
      options,
      groups,
      devices: this.devices,
      placeholders: this.placeholders.store,
      auth: { creds: keeper.creds, keys: this.keys },
      getMessage: async (key) => this.own.find(key.id) ?? sentMessage(this, key),
      makeSignalRepository: ({ creds }, _logger, lookup) => {
        lids.lookup = lookup;
        const port = createSignalPort({ records, lids, creds, journal, guard });
        // Baileys types the member as its own class, whose private fields nobody else can have.
        return { ...port, lidMapping: lids as unknown as LidMember };
      },
    });
  }

  private listen(): void {
    const { sock, options } = this;
    const raw = rawSocketOf(sock);
    if (raw) this.gate.install(raw);
    dispatchOnce(sock.ws);
    this.groups.fetch = (jid) => sock.groupMetadata(jid);
    this.groups.fetchAll = () => sock.groupFetchAllParticipating();
    handleInOrder(
      sock.ws,
      'CB:message',
      () => sock.ws.isOpen,
      (error) => this.report(error, 'a stanza failed'),
    );
    sock.ws.prependListener('CB:message', (stanza: BinaryNode) => {
      this.readOwnName(stanza);
      if (!this.journal.expect(stanza)) this.placeholders.expect(stanza.attrs['id'] ?? '');
    });
    this.receipts().install();
    sock.ws.on('CB:notification,type:w:gp2', (node: BinaryNode) => this.groupChanged(node));
    sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
      this.cut(upgradeRefused(response.statusCode ?? 0)),
    );
    this.subscribe();
    this.capabilities.listen();
    this.deadline.begin('connecting');
    options.log.debug({ instance: options.instance }, 'socket made');
  }

  private readOwnName(stanza: BinaryNode): void {
    const { me } = this.keeper.creds;
    const name = takeOwnName(stanza, me);
    if (me && name) this.sock.ev.emit('creds.update', { me: { ...me, name } });
  }

  private receipts(): Receipts {
    const { sock, options, lids } = this;
    return new Receipts({
      ws: sock.ws,
      lids,
      clock: options.clock,
      me: this.me,
      ignores: (jid) => ignores(options.settings, jid),
      guard: this.guard.guard,
      record: (updates) => options.recordStatuses(updates),
      acknowledge: (stanzas) =>
        inOneWrite(rawSocketOf(sock), () => {
          for (const stanza of stanzas) detach(sock.sendNode(buildAckStanza(stanza)), () => undefined);
        }),
      failed: (error) => this.report(error, 'a receipt was not recorded'),
    });
  }

  private groupChanged(notification: BinaryNode): void {
    const group = notification.attrs['from'] ?? '';
    this.groups.invalidate(group);
    if (!someoneLeft(notification)) return;
    const renewal = this.guard.guard(() => renewSenderKey(this.records, this.keeper.creds.me, group));
    detach(renewal, (error) => this.report(error, 'a group key was not renewed'));
  }

  private subscribe(): void {
    const { options, lids, keeper, journal, facts, deadline } = this;
    subscribe(this.sock, {
      options,
      clock: options.clock,
      lids,
      keeper,
      journal,
      facts,
      deadline,
      guard: this.guard.guard,
      me: this.me,
      isSending: (id) => this.sender.answers(id),
      keysCame: () => this.appState.start(),
      qrShown: () => this.pairable.resolve(),
      loggedIn: () => inOneWriteUntilTick(rawSocketOf(this.sock)),
      opened: () => {
        this.isOpen = true;
        this.releaseEvents = options.clock.after(eventsHeldMs, () => this.sock.ev.flush());
      },
      closed: (error) => this.closed(error),
      failed: (error) => this.report(error, 'work of a socket failed'),
    });
  }

  readonly sent = (id: string) => this.options.store.messages.sent(this.options.instance, id);

  readonly messagesOf = (id: string) =>
    this.options.store.conversations.messagesOf(this.options.instance, id);

  private readonly me = (): Me => meOfKeeper(this.keeper);

  /** Ends the raw socket at once, so that nothing more is answered; Baileys then closes. */
  private cut(cause: CloseCause): void {
    this.cause ??= cause;
    this.guard.end();
    rawSocketOf(this.sock)?.terminate();
    detach(this.sock.end(new Error(cause.detail)), (error) => this.report(error, 'ending a socket failed'));
  }

  private closed(error: unknown): void {
    const cause = this.cause ?? closeCauseOf(error);
    this.isOpen = false;
    this.deadline.end();
    this.releaseEvents?.cancel();
    this.guard.end();
    this.sender.end();
    this.pairable.reject(new AppError('actor_restarted', 'The connection ended before it could be paired.'));
    this.facts.push({ kind: 'Closed', cause });
    // Baileys drops the listeners that would reject its pending queries; they would wait for a minute.
    this.sock.ws.emit('error', new Error('Connection Closed'));
    this.closing.resolve();
    detach(this.end(), (failure) => this.report(failure, 'ending a socket failed'));
  }

  /** Lets Baileys close in its own way, so that the request to unlink is not cut off. */
  private async unlinked(logOut: () => Promise<void>): Promise<void> {
    const { clock } = this.options;
    const timer = clock.after(closeTimeoutMs, () => this.cut({ code: 401, detail: 'Intentional Logout' }));
    try {
      await logOut();
      await this.closing.promise;
    } finally {
      timer.cancel();
    }
    await this.end();
  }

  private end(): Promise<void> {
    this.ending ??= this.finish();
    return this.ending;
  }

  private async finish(): Promise<void> {
    this.isOpen = false;
    try {
      this.cut({ code: 428, detail: 'ended by the gateway' });
      await this.closing.promise;
      await this.guard.idle();
      await this.keeper.pending?.catch(() => undefined);
      await this.facts.settled();
      this.sock.ws.removeAllListeners();
      // A connection that is cut while it is made reports that later; unheard, it would end the thread.
      this.sock.ws.on('error', () => undefined);
    } finally {
      this.leaveCaches();
      this.account.release();
    }
  }

  private report(error: unknown, what: string): void {
    const { log, instance } = this.options;
    if (this.guard.isEnded && error instanceof AppError && error.code === 'actor_restarted') return;
    log.warn({ instance, error: errorFields(traced(error)) }, what);
  }
}

/** The WebSocket under Baileys' client; null once it is closed. */
function rawSocketOf(sock: WASocket): RawSocket | null {
  return (sock.ws as unknown as { socket: RawSocket | null }).socket;
}

/**
 * What Baileys emits, as facts and records: pairing, login, names, messages, receipts. Subscribed once per
 * socket by `connect.ts`. Messages whose event the journal made durable are not recorded again.
 */
import {
  type AuthenticationCreds,
  type BaileysEventMap,
  type ConnectionState,
  proto,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import { detach } from '../detach.ts';
import type { Me } from '../protocol/instance.ts';
import { meOf } from './addresses.ts';
import type { CredsKeeper } from './auth-state.ts';
import type { FactQueue } from './fact-queue.ts';
import { receivedMessage } from './inbound.ts';
import { type Journal, keyOf } from './journal.ts';
import type { LidMapping } from './lid-mapping.ts';
import { qrFirstTtlMs, qrNextTtlMs } from './limits.ts';
import { type ChangeParts, changeOf, isChange } from './message-changes.ts';
import type { PhaseDeadline } from './phase-deadline.ts';
import { ofMemberReceipt, ofMessageUpdate } from './statuses.ts';
import type { MessageSource, StatusUpdate, WaSocketOptions } from './wa-socket.ts';

export interface EventParts {
  readonly options: WaSocketOptions;
  readonly clock: Clock;
  readonly lids: LidMapping;
  readonly keeper: CredsKeeper;
  readonly journal: Journal;
  readonly facts: FactQueue;
  readonly deadline: PhaseDeadline;
  /** Runs store work of this socket; a failure of the store ends it. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  me(): Me;
  /** A refusal of this id is answered where it was sent. */
  isSending(id: string): boolean;
  /** App-state keys are there. */
  keysCame(): Promise<void>;
  qrShown(): void;
  /** Logged in: Baileys opens, and asks for several things, in this same turn. */
  loggedIn(): void;
  opened(): void;
  closed(error: unknown): void;
  failed(error: unknown): void;
}

const isSame = (a: Me, b: Me): boolean =>
  a.jid === b.jid && a.pn === b.pn && a.lid === b.lid && a.name === b.name;

class EventReader {
  private readonly parts: EventParts;
  private qrCount = 0;
  private toldMe: Me | undefined;

  constructor(parts: EventParts) {
    this.parts = parts;
  }

  readonly connection = (update: Partial<ConnectionState>): void => {
    const { parts } = this;
    if (update.qr) this.showQr(update.qr);
    if (update.isNewLogin) this.paired();
    if (update.connection === 'open') this.opened();
    if (update.connection === 'close') parts.closed(update.lastDisconnect?.error);
  };

  /** Baileys has merged the update into the credentials by now: its listener was first. */
  readonly creds = (update: Partial<AuthenticationCreds>): void => {
    const { keeper, facts, failed, guard } = this.parts;
    if (update.me && !this.toldMe) this.parts.loggedIn();
    if (update.routingInfo) keeper.keepRouting();
    detach(
      guard(() => keeper.save()),
      failed,
    );
    if (update.myAppStateKeyId) detach(this.parts.keysCame(), failed);
    if (!update.me || !this.toldMe) return;
    const me = this.parts.me();
    if (isSame(me, this.toldMe)) return;
    this.toldMe = me;
    facts.push({ kind: 'MeChanged', me });
  };

  readonly upsert = ({ messages, type }: BaileysEventMap['messages.upsert']): void => {
    for (const message of messages) {
      if (this.parts.journal.wasRecorded(message)) continue;
      if (message.key.fromMe && !isChange(message.message)) this.sentElsewhere(message);
      else this.recordLate(message, type === 'append');
    }
  };

  readonly updates = (updates: BaileysEventMap['messages.update']): void => {
    const { lids, clock, isSending } = this.parts;
    const mine = updates.filter(({ key }) => !(key.id && isSending(key.id)));
    this.statuses(() => mine.map((update) => ofMessageUpdate(lids, update, clock.now())));
  };

  readonly receipts = (receipts: BaileysEventMap['message-receipt.update']): void => {
    const { lids, clock } = this.parts;
    this.statuses(() => receipts.map((receipt) => ofMemberReceipt(lids, receipt, clock.now())));
  };

  private showQr(qr: string): void {
    const { clock, facts, deadline } = this.parts;
    const ttlMs = this.qrCount === 0 ? qrFirstTtlMs : qrNextTtlMs;
    this.qrCount += 1;
    // Baileys ends the socket by itself when the last reference is spent.
    deadline.end();
    this.parts.qrShown();
    facts.push({ kind: 'QrShown', qr, expiresAt: clock.now() + ttlMs });
  }

  private paired(): void {
    const { facts, keeper, deadline, me } = this.parts;
    deadline.begin('waiting for the restart after pairing');
    facts.later(async () => {
      await keeper.pending;
      return { kind: 'Paired', me: me() };
    });
  }

  private opened(): void {
    const { facts, deadline } = this.parts;
    deadline.end();
    this.parts.opened();
    this.toldMe = this.parts.me();
    facts.push({ kind: 'Opened', me: this.toldMe });
    detach(this.parts.keysCame(), this.parts.failed);
  }

  private sentElsewhere(message: WAMessage): void {
    const { facts, options } = this.parts;
    facts.later(async () => {
      const found = await receivedMessage(this.inbound(), message, false);
      const isOurs = found && (await options.store.messages.sent(options.instance, found.id)) !== undefined;
      if (!found || isOurs) return undefined;
      return { kind: 'MessageSent', message: found, source: sourceOf(message) };
    });
  }

  /** What the journal could not take: several parts, plaintext, newsletters. */
  private recordLate(message: WAMessage, offline: boolean): void {
    const { options, guard, failed } = this.parts;
    const recording = guard(async () => {
      const received = await receivedMessage(this.inbound(), message, offline);
      const change = received ? undefined : await changeOf(this.inbound(), message);
      const writes = received
        ? await options.record(received, sourceOf(message))
        : change
          ? ((await options.recordChange?.(change)) ?? [])
          : [];
      if (writes.length === 0) return;
      await options.store.commit(writes);
      options.recorded(writes);
    });
    detach(recording, failed);
  }

  private statuses(find: () => Promise<StatusUpdate | undefined>[]): void {
    this.parts.facts.later(async () => {
      const updates = (await Promise.all(find())).filter((update) => update !== undefined);
      return updates.length > 0 ? { kind: 'StatusesChanged', updates } : undefined;
    });
  }

  private inbound(): ChangeParts {
    const { options, lids, me } = this.parts;
    return { instance: options.instance, lids, me, conversations: options.store.conversations };
  }
}

const sourceOf = (message: WAMessage): MessageSource => ({
  key: keyOf(message),
  proto: proto.Message.encode(message.message ?? {}).finish(),
});

/** The account as its credentials name it now; a JID of nobody before it paired. */
export function meOfKeeper(keeper: CredsKeeper): Me {
  const { me } = keeper.creds;
  return me
    ? meOf({ id: me.id, ...(me.lid ? { lid: me.lid } : {}), ...(me.name ? { name: me.name } : {}) })
    : { jid: '', pn: null, lid: null, name: null };
}

/** Baileys removes every listener of its emitter when the socket ends. */
export function subscribe(sock: Pick<WASocket, 'ev'>, parts: EventParts): void {
  const reader = new EventReader(parts);
  sock.ev.on('connection.update', reader.connection);
  sock.ev.on('creds.update', reader.creds);
  sock.ev.on('messages.upsert', reader.upsert);
  sock.ev.on('messages.update', reader.updates);
  sock.ev.on('message-receipt.update', reader.receipts);
}

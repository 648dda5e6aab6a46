/**
 * What the shard sees of a WhatsApp socket: plain facts and commands, no Baileys type. `connect.ts` makes
 * one over Baileys. One instance has at most one at a time: `end()` resolves when nothing of it runs any more.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { KeptMedia } from '../media/kept.ts';
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { ChatState, ContactNames } from '../protocol/conversations.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { InstanceSettings, Me, PairingCode } from '../protocol/instance.ts';
import type {
  MessageContent,
  MessageStatus,
  NumberResult,
  Party,
  ReceivedMessage,
} from '../protocol/message.ts';
import type { MessageChange } from '../protocol/message-change.ts';
import type { Mark, MessageKey } from '../store/conversation-ports.ts';
import type { Awaitable, Store, StoreWrite } from '../store/ports.ts';
import type { CacheBoard } from './cache-board.ts';

/** Why a socket closed. `code` is WhatsApp's or Baileys' status (401, 408, 428, 440, 503, 515, …). */
export interface CloseCause {
  readonly code: number;
  readonly detail: string;
}

export interface StatusUpdate {
  readonly id: string;
  readonly chat: Party;
  readonly status: MessageStatus;
  readonly participant: Party | null;
  readonly at: number;
  /** WhatsApp's error code of a refused message. */
  readonly whatsappCode: number | null;
}

/** What a message came from: its key as WhatsApp addressed it, and its content as bytes. */
export interface MessageSource {
  readonly key: MessageKey;
  readonly proto: Uint8Array;
}

export type WaFact =
  | { kind: 'QrShown'; qr: string; expiresAt: number }
  /** The phone accepted; the server closes with 515 next and the same credentials log in. */
  | { kind: 'Paired'; me: Me }
  | { kind: 'Opened'; me: Me }
  | { kind: 'MeChanged'; me: Me }
  /** The last fact of a socket. */
  | { kind: 'Closed'; cause: CloseCause }
  /** Another device of the same account sent it. */
  | { kind: 'MessageSent'; message: ReceivedMessage; source: MessageSource }
  | { kind: 'StatusesChanged'; updates: readonly StatusUpdate[] }
  /** Something else happened: these events become durable in one batch with the writes. */
  | { kind: 'EventsRaised'; events: readonly NewEvent[]; writes: readonly StoreWrite[] }
  /** A setting wants this written: through the outgoing queue, once under its id. */
  | { kind: 'MessageWanted'; messageId: string; to: string; content: MessageContent };

/** A message that the phone had before the device was linked. `order` tells within a second. */
export interface HistoryMessage {
  readonly message: ReceivedMessage;
  readonly source: MessageSource;
  readonly order: number;
  readonly marks: readonly Mark[];
}

/** `messages`: newest first, over all parts that a chat comes in. */
export interface HistoryChat {
  readonly party: Party;
  readonly state: Partial<ChatState>;
  readonly messages: readonly HistoryMessage[];
}

export interface HistoryPart {
  readonly chats: readonly HistoryChat[];
  readonly contacts: readonly { readonly party: Party; readonly names: Partial<ContactNames> }[];
}

export interface WaSocketOptions {
  readonly instance: string;
  /** One object whose members follow the configuration while the socket is open. */
  readonly settings: InstanceSettings;
  readonly proxyUrl: string | null;
  readonly socketUrl: string;
  readonly connectTimeoutMs: number;
  /** Where files lie that wait to be uploaded. */
  readonly dataDir: string;
  /** Where files of messages are kept. */
  readonly kept: KeptMedia | null;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts what the socket's caches do, with those of the other sockets of the thread. */
  readonly caches: CacheBoard;
  /** Called in order, never re-entered. */
  onFact(fact: WaFact): void;
  /**
   * A message to this number, decrypted. The returned writes (event, dedupe) join the batch of the Signal
   * session update where the stanza allows it (*direct* journal), else a batch of their own, before the
   * receipt leaves. An empty list: already known, or not to be emitted. Always await it (the dedupe look-up may be remote).
   */
  record(message: ReceivedMessage, source: MessageSource): Awaitable<readonly StoreWrite[]>;
  /**
   * As `record`, for a message that another device of this account sent. Without it such a message is the
   * fact `MessageSent` instead, which a crash may lose.
   */
  recordSent?(message: ReceivedMessage, source: MessageSource): Awaitable<readonly StoreWrite[]>;
  /** As `record`, for an edit, a deletion, a reaction or a vote. */
  recordChange?(change: MessageChange): Awaitable<readonly StoreWrite[]>;
  /** Called after the batch with `record`'s writes is durable. */
  recorded(writes: readonly StoreWrite[]): void;
  /** What receipts told; resolves when durable, and only then they are acknowledged. */
  recordStatuses(updates: readonly StatusUpdate[]): Promise<void>;
  /** Makes events durable in one batch with the writes, and what is kept of chats follows them. Resolves when it is. */
  recordEvents(events: readonly NewEvent[], writes: readonly StoreWrite[]): Promise<void>;
  /** Keeps what is not kept yet; answers how many messages that were. Resolves when durable. */
  recordHistory(part: HistoryPart): Promise<number>;
  /** Makes the events of one notification durable, once. Resolves when they are. */
  recordNotice(chat: string, id: string, events: readonly NewEvent[]): Promise<void>;
}

/** The JIDs of addresses as callers wrote them, in order; null: not on WhatsApp. Rejects `validation_failed`. */
export type ResolveAll = (addresses: readonly string[]) => Promise<readonly (string | null)[]>;

export interface OutgoingMessage {
  readonly messageId: string;
  /** JID, as resolved. */
  readonly to: string;
  readonly content: MessageContent;
  readonly quote: string | null;
}

export interface SendOutcome {
  /** ms since the epoch: when the server acknowledged. */
  readonly at: number;
}

export interface WaSocket {
  readonly isOpen: boolean;
  /**
   * Encodes the message: what is stored before the first frame leaves and what a retry receipt is
   * answered from.
   */
  encode(message: OutgoingMessage): Promise<Uint8Array>;
  /**
   * Sends and awaits the server's acknowledgement. `onWritten` is called when the frame has been written: what
   * is sent after that stands behind it on the wire. Rejects: `whatsapp_rejected` (with `extra.whatsappCode`)
   * when refused, `actor_restarted` when the socket ended first (outcome unknown: send again with the same id),
   * `instance_not_open` before the login. `stored` is the message on its way into the store: its first ratchet
   * step joins that commit, and no frame leaves before it; rejects with what it rejects with.
   */
  send(
    message: OutgoingMessage,
    proto: Uint8Array,
    onWritten?: () => void,
    stored?: Promise<void>,
  ): Promise<SendOutcome>;
  /** Asks WhatsApp, no cache. One result an input digit string, in order. */
  queryNumbers(numbers: readonly string[]): Promise<readonly NumberResult[]>;
  /** Anything but a message; `resolve` finds the JIDs of addresses as the caller wrote them, null for none. */
  perform<K extends ActionKind>(action: Action<K>, resolve: ResolveAll): Promise<ActionReply<K>>;
  requestPairingCode(phone: string): Promise<PairingCode>;
  /** Tells WhatsApp to unlink this device, then ends. */
  logout(): Promise<void>;
  /** Ends the connection; resolves when its queues are idle. Idempotent. */
  end(): Promise<void>;
  /** Both parties of an address where the mapping is known. */
  resolveParty(jid: string): Promise<Party>;
}

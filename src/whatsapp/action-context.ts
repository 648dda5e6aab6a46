/** What action handlers work with, and the type of their tables. Imported by every capability file. */
import type { WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import type { KeptMedia } from '../media/kept.ts';
import type { ActionInput, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Me } from '../protocol/instance.ts';
import type { Party } from '../protocol/message.ts';
import type { Store } from '../store/ports.ts';
import type { BoundedMap } from './bounded-map.ts';
import type { GroupCache } from './caches.ts';
import type { LidMapping } from './lid-mapping.ts';
import type { RingingCalls } from './ringing-calls.ts';
import type { ResolveAll, WaSocketOptions } from './wa-socket.ts';

/** What a handler works with; all of it belongs to one open socket. */
export interface ActionContext {
  readonly instance: string;
  readonly sock: WASocket;
  readonly lids: LidMapping;
  readonly groups: GroupCache;
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: WaSocketOptions['settings'];
  /** Where files lie that are on their way. */
  readonly dataDir: string;
  readonly proxyUrl: string | null;
  /** Files of messages that are kept; null: they are left to WhatsApp. */
  readonly kept: KeptMedia | null;
  readonly calls: RingingCalls;
  /** Where phones put files that WhatsApp had no more. */
  readonly freshPaths: BoundedMap<string>;
  me(): Me;
  /** Own changes are no events of the socket: a handler tells them. */
  raise(events: readonly NewEvent[]): void;
  /** As `raise`, and resolves when it is durable: who asked reads it right after. */
  record(events: readonly NewEvent[]): Promise<void>;
  /** Both forms of a JID where the mapping is known. */
  party(jid: string, other?: string | null): Promise<Party>;
  /** The JID of an address as the caller wrote it, through the number cache. `not_on_whatsapp`. */
  resolve(address: string): Promise<string>;
  /** As `resolve` for many, in one look-up; null for those that are not on WhatsApp. */
  readonly resolveAll: ResolveAll;
}

/** The handlers of a capability: one function an action of its map. */
export type HandlersOf<K extends ActionKind> = {
  readonly [Kind in K]: (input: ActionInput<Kind>, context: ActionContext) => Promise<ActionReply<Kind>>;
};

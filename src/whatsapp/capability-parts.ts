/** What the listeners of a capability work with: one file each (`*-events.ts`), subscribed by `capability-events.ts`. */
import type { WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import type { InstanceSettings, Me } from '../protocol/instance.ts';
import type { Party } from '../protocol/message.ts';
import type { Store } from '../store/ports.ts';
import type { FactQueue } from './fact-queue.ts';
import type { InboundParts } from './inbound.ts';
import type { RingingCalls } from './ringing-calls.ts';
import type { WaSocketOptions } from './wa-socket.ts';

export interface CapabilityParts {
  readonly instance: string;
  readonly sock: WASocket;
  readonly facts: FactQueue;
  readonly clock: Clock;
  readonly store: Store;
  readonly settings: InstanceSettings;
  readonly calls: RingingCalls;
  readonly options: WaSocketOptions;
  readonly inbound: InboundParts;
  me(): Me;
  party(jid: string, other?: string | null): Promise<Party>;
  /** Runs store work of this socket; rejects once it ended. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  failed(error: unknown): void;
  /** Work that a setting asks for; a failure is logged and ends nothing. */
  attempt(work: () => Promise<unknown>): void;
}

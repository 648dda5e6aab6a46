/** What the listeners of a capability work with: one file each (`*-events.ts`), subscribed by `capability-events.ts`. */
import type { WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import type { InstanceSettings, Me } from '../protocol/instance.ts';
import type { Party } from '../protocol/message.ts';
import type { Store } from '../store/ports.ts';
import type { FactQueue } from './fact-queue.ts';
import type { RingingCalls } from './ringing-calls.ts';

export interface CapabilityParts {
  readonly instance: string;
  readonly sock: WASocket;
  readonly facts: FactQueue;
  readonly clock: Clock;
  readonly store: Store;
  readonly settings: InstanceSettings;
  readonly calls: RingingCalls;
  me(): Me;
  party(jid: string, other?: string | null): Promise<Party>;
  /** Work that a setting asks for; a failure is logged and ends nothing. */
  attempt(work: () => Promise<unknown>): void;
}

/** What an instance needs from its shard: injected, so that tests can give it a scripted socket and clock. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { InstanceStatus } from '../protocol/instance.ts';
import type { MessageContent } from '../protocol/message.ts';
import type { Store } from '../store/ports.ts';
import type { CacheBoard } from '../whatsapp/cache-board.ts';
import type { WaSocket, WaSocketOptions } from '../whatsapp/wa-socket.ts';
import type { EventOutlet } from './event-outlet.ts';
import type { HandshakeSlots } from './handshake-slots.ts';
import type { ReconnectPolicy } from './lifecycle.ts';
import type { NumberCache } from './number-cache.ts';
import type { ShardMetrics } from './shard-metrics.ts';

/** The part of the socket's options that differs from instance to instance. */
export type InstanceSocketOptions = Pick<
  WaSocketOptions,
  | 'instance'
  | 'settings'
  | 'proxyUrl'
  | 'caches'
  | 'onFact'
  | 'record'
  | 'recordSent'
  | 'recorded'
  | 'recordStatuses'
  | 'recordNotice'
  | 'recordEvents'
  | 'recordHistory'
  | 'recordChange'
>;

export interface InstanceEnvironment {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: ReconnectPolicy;
  readonly outlet: EventOutlet;
  readonly slots: HandshakeSlots;
  readonly numbers: NumberCache;
  readonly caches: CacheBoard;
  readonly metrics: ShardMetrics;
  readonly limits: {
    readonly pairingReadyTimeoutMs: number;
    /** Older messages are not kept; null: all are. */
    readonly messageAgeMsMax: number | null;
  };
  /** Removes the file of a message that is sent or failed. */
  releaseMedia(content: MessageContent): void;
  openSocket(options: InstanceSocketOptions): Promise<WaSocket>;
  /** The state changed: the main thread's directory hears of it. */
  tellChanged(instance: { readonly status: InstanceStatus }): void;
  /** Inbound or outbound time moved: told with the next flush of counters. */
  counted(instance: { readonly status: InstanceStatus }): void;
}

/**
 * What host and guest say to each other besides the actor's own protocol: boot data, readiness, the runtime's
 * commands. Types and names only; both `guest-thread.ts` and `guest.ts` are typed from here.
 */
import type { MessagePort } from 'node:worker_threads';
import type { LogLevel } from '../log.ts';
import type { Shapes } from './codec.ts';
import type { VitalsReading } from './vitals.ts';

/** The `workerData` of every guest. */
export interface GuestBoot {
  readonly name: string;
  readonly boot: unknown;
  readonly toHost: MessagePort;
  readonly fromHost: MessagePort;
  readonly pulse: SharedArrayBuffer;
  readonly heartbeatPeriodMs: number;
  readonly logLevel: LogLevel;
  readonly mailboxCapacity: number;
  readonly outCapacity: number;
  readonly shapes: Shapes;
}

/** Posted by the guest on its parent port once its behavior has started. */
export const readySign = 'ready';

/** Posted by the host: end now, from your own event loop. Only then `terminate()` is tried. */
export const exitSign = 'exit';

/** Kinds of the runtime's own commands; an actor's protocol never begins a kind with `$`. */
export type ControlKind = '$drain' | '$stop' | '$stats';

export const isControl = (kind: string): kind is ControlKind => kind.charCodeAt(0) === 36;

/** What a guest reports of its thread. Times in milliseconds, sizes in bytes. */
export interface GuestStats extends VitalsReading {
  readonly mailboxDepth: number;
  readonly mailboxDeepest: number;
  /** From the high watermark on, until it has fallen to the low one. */
  readonly mailboxIsHigh: boolean;
  readonly turnsInProgress: number;
  readonly turns: number;
  readonly outInFlight: number;
  readonly outRefused: number;
  readonly framesSent: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly behavior: Readonly<Record<string, unknown>>;
}

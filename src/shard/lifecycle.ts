/**
 * The state machine of one instance, as a pure function: `(lifecycle, event) → lifecycle + effects`. The
 * instance actor carries the effects out; nothing here touches a socket, a timer or the store. Every close
 * code of `close-causes.ts` is decided here and nowhere else.
 */
import { unreachable } from '../assert.ts';
import { type InstanceError, type InstanceState, type Me, restingStates } from '../protocol/instance.ts';
import type { CloseCause } from '../whatsapp/wa-socket.ts';
import { type CloseVerdict, judgeClose } from './close-causes.ts';

export interface Lifecycle {
  readonly state: InstanceState;
  readonly me: Me | null;
  readonly lastError: InstanceError | null;
  /** Since creation. */
  readonly reconnects: number;
  /** Connects that failed in a row: the exponent of the backoff. */
  readonly failures: number;
  /** Too many events wait for its webhook: no socket is opened for a paired account until they drain. */
  readonly isHeld: boolean;
}

export type LifecycleEvent =
  | { kind: 'ConnectAsked' }
  /** A fresh thread owns it now (start, restart of a shard, move): its socket opens, without a backoff. */
  | { kind: 'TakenOver' }
  | { kind: 'DisconnectAsked' }
  /** A person wants a new QR code for an account whose session is of no use any more. */
  | { kind: 'PairAnewAsked' }
  | { kind: 'RestartAsked' }
  | { kind: 'LogoutAsked' }
  | { kind: 'PairingCodeShown' }
  | { kind: 'QrShown' }
  | { kind: 'Paired'; me: Me }
  | { kind: 'Opened'; me: Me }
  | { kind: 'MeChanged'; me: Me }
  | { kind: 'Closed'; cause: CloseCause }
  | { kind: 'OpenFailed'; error: InstanceError }
  | { kind: 'ReconnectDue' }
  /** DECISIONS 13: WhatsApp's offline queue keeps what comes until the outbox has drained. */
  | { kind: 'OutboxFull' }
  | { kind: 'OutboxDrained' };

export type Effect =
  /** Ends what is there, waits for a handshake slot, opens a socket. */
  | { do: 'open' }
  | { do: 'end' }
  | { do: 'logout' }
  | { do: 'eraseSession' }
  | { do: 'cancelReconnect' }
  | { do: 'reconnectAfter'; delayMs: number };

export interface Step {
  readonly next: Lifecycle;
  readonly effects: readonly Effect[];
  /** Why, for the `instance.state` event. */
  readonly reason: string | null;
}

export interface ReconnectPolicy {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Uniform in [0, 1). */
  random(): number;
  now(): number;
}

/** Full jitter: uniform in [0, min(max, min · 2^failures)). */
export function reconnectDelayMs(failures: number, policy: ReconnectPolicy): number {
  const ceiling = Math.min(policy.delayMsMax, policy.delayMsMin * 2 ** Math.min(failures, 30));
  return Math.floor(policy.random() * ceiling);
}

const stay = (next: Lifecycle): Step => ({ next, effects: [], reason: null });
const connecting: readonly InstanceState[] = ['connecting', 'qr', 'pairing', 'reconnecting'];

function connectAsked(now: Lifecycle, policy: ReconnectPolicy): Step {
  if (now.state === 'open' || now.state === 'qr' || now.state === 'pairing' || now.state === 'connecting')
    return stay(now);
  return reopened(now, 'connect asked', policy);
}

function reopened(now: Lifecycle, reason: string, policy: ReconnectPolicy): Step {
  if (now.isHeld && now.me !== null) return held(now, policy);
  return {
    next: { ...now, state: 'connecting', failures: 0 },
    effects: [{ do: 'cancelReconnect' }, { do: 'open' }],
    reason,
  };
}

const outboxFullText =
  'Too many events wait for its webhook. WhatsApp keeps what comes; it is opened again once they drain.';
const isParked = ({ isHeld, state, lastError }: Lifecycle): boolean =>
  isHeld && state === 'reconnecting' && lastError?.code === 'outbox_full';

function held(now: Lifecycle, policy: ReconnectPolicy): Step {
  if (isParked(now)) return stay(now);
  const lastError: InstanceError = { code: 'outbox_full', message: outboxFullText, at: policy.now() };
  return {
    next: { ...now, state: 'reconnecting', lastError, failures: 0, isHeld: true },
    effects: [{ do: 'cancelReconnect' }, { do: 'end' }],
    reason: outboxFullText,
  };
}

/** Who rests or is being paired receives nothing that could wait: marked only. */
function outboxFull(now: Lifecycle, policy: ReconnectPolicy): Step {
  const isPairing = now.me === null || now.state === 'qr' || now.state === 'pairing';
  if (now.isHeld || isPairing || restingStates.includes(now.state)) return stay({ ...now, isHeld: true });
  return held(now, policy);
}

function outboxDrained(now: Lifecycle, policy: ReconnectPolicy): Step {
  const next = { ...now, isHeld: false };
  return isParked(now) ? reopened(next, 'undelivered events have drained', policy) : stay(next);
}

const stopped = (now: Lifecycle, effects: readonly Effect[], reason: string): Step => ({
  next: { ...now, state: 'stopped', failures: 0 },
  effects: [{ do: 'cancelReconnect' }, ...effects],
  reason,
});

function opened(now: Lifecycle, me: Me, policy: ReconnectPolicy): Step {
  if (now.isHeld) return held({ ...now, me }, policy);
  return {
    next: { ...now, state: 'open', me, lastError: null, failures: 0 },
    effects: [],
    reason: null,
  };
}

function closedForGood(now: Lifecycle, verdict: CloseVerdict & { decision: 'rest' }): Step {
  return {
    next: {
      ...now,
      state: verdict.state,
      lastError: verdict.error,
      failures: 0,
      me: verdict.erase ? null : now.me,
    },
    effects: [{ do: 'end' }, ...(verdict.erase ? [{ do: 'eraseSession' } as const] : [])],
    reason: verdict.error.message,
  };
}

function retryLater(now: Lifecycle, error: InstanceError, policy: ReconnectPolicy): Step {
  return {
    next: {
      ...now,
      state: 'reconnecting',
      lastError: error,
      reconnects: now.reconnects + 1,
      failures: now.failures + 1,
    },
    effects: [{ do: 'end' }, { do: 'reconnectAfter', delayMs: reconnectDelayMs(now.failures, policy) }],
    reason: error.message,
  };
}

function closed(now: Lifecycle, cause: CloseCause, policy: ReconnectPolicy): Step {
  if (now.state !== 'open' && !connecting.includes(now.state)) return stay(now);
  const verdict = judgeClose(cause, now.state, policy.now());
  if (verdict.decision === 'rest') return closedForGood(now, verdict);
  if (verdict.decision === 'backoff') return retryLater(now, verdict.error, policy);
  return {
    next: { ...now, state: 'connecting' },
    effects: [{ do: 'open' }],
    reason: 'restart required',
  };
}

function loggedOut(now: Lifecycle, nowMs: number): Step {
  const error: InstanceError = { code: 'logged_out', message: 'Logged out by request.', at: nowMs };
  return {
    next: { ...now, state: 'logged_out', me: null, lastError: error, failures: 0 },
    effects: [{ do: 'cancelReconnect' }, { do: 'logout' }, { do: 'eraseSession' }],
    reason: error.message,
  };
}

/** One step. Events that do not fit the state (a late fact of an old socket) change nothing. */
export function advance(now: Lifecycle, event: LifecycleEvent, policy: ReconnectPolicy): Step {
  const isConnecting = connecting.includes(now.state) && !isParked(now);
  switch (event.kind) {
    case 'ConnectAsked':
      return connectAsked(now, policy);
    case 'PairAnewAsked': {
      const { next, effects, reason } = reopened({ ...now, me: null }, 'new pairing asked', policy);
      return { next, effects: [{ do: 'end' }, { do: 'eraseSession' }, ...effects], reason };
    }
    case 'DisconnectAsked':
      return now.state === 'stopped' ? stay(now) : stopped(now, [{ do: 'end' }], 'disconnect asked');
    case 'TakenOver':
      return reopened(now, 'taken over', policy);
    case 'RestartAsked':
      return reopened(now, 'restart asked', policy);
    case 'LogoutAsked':
      return loggedOut(now, policy.now());
    case 'QrShown':
      return isConnecting && now.state !== 'pairing' ? stay({ ...now, state: 'qr', failures: 0 }) : stay(now);
    case 'PairingCodeShown':
      return isConnecting ? stay({ ...now, state: 'pairing', failures: 0 }) : stay(now);
    case 'Paired':
      return isConnecting ? stay({ ...now, state: 'pairing', me: event.me, failures: 0 }) : stay(now);
    case 'Opened':
      return isConnecting ? opened(now, event.me, policy) : stay(now);
    case 'MeChanged':
      return stay({ ...now, me: event.me });
    case 'Closed':
      return isParked(now) ? stay(now) : closed(now, event.cause, policy);
    case 'OpenFailed':
      return isConnecting ? retryLater(now, event.error, policy) : stay(now);
    case 'ReconnectDue':
      return now.state === 'reconnecting' && !isParked(now)
        ? { next: now, effects: [{ do: 'open' }], reason: null }
        : stay(now);
    case 'OutboxFull':
      return outboxFull(now, policy);
    case 'OutboxDrained':
      return outboxDrained(now, policy);
    default:
      return unreachable(event);
  }
}

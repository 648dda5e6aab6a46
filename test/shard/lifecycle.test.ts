/** The instance state machine: every event in every state, the table of close codes, the backoff. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InstanceState, instanceStates, restingStates } from '../../src/protocol/instance.ts';
import { judgeClose } from '../../src/shard/close-causes.ts';
import {
  advance,
  type Lifecycle,
  type LifecycleEvent,
  type ReconnectPolicy,
  reconnectDelayMs,
} from '../../src/shard/lifecycle.ts';

const me = { jid: '5511988887777:3@s.whatsapp.net', pn: '5511988887777', lid: '77@lid', name: 'Ana' };
const policy: ReconnectPolicy = {
  delayMsMin: 5_000,
  delayMsMax: 300_000,
  random: () => 0.5,
  now: () => 1_000,
};
const at = (state: InstanceState, more: Partial<Lifecycle> = {}): Lifecycle => ({
  state,
  me: null,
  lastError: null,
  reconnects: 0,
  failures: 0,
  isHeld: false,
  ...more,
});
const closed = (code: number, detail = ''): LifecycleEvent => ({ kind: 'Closed', cause: { code, detail } });
const run = (from: Lifecycle, ...events: LifecycleEvent[]): Lifecycle =>
  events.reduce((now, event) => advance(now, event, policy).next, from);

describe('the way to open', () => {
  it('goes created, connecting, qr, pairing, connecting (515), open', () => {
    const states: InstanceState[] = [];
    let now = at('created');
    for (const event of [
      { kind: 'ConnectAsked' },
      { kind: 'QrShown' },
      { kind: 'Paired', me },
      closed(515),
      { kind: 'Opened', me },
    ] as LifecycleEvent[]) {
      now = advance(now, event, policy).next;
      states.push(now.state);
    }
    expect(states).toEqual(['connecting', 'qr', 'pairing', 'connecting', 'open']);
    expect(now.me).toEqual(me);
  });

  it('opens again at once after 515, without counting a reconnect', () => {
    const step = advance(at('pairing'), closed(515), policy);
    expect(step.effects).toEqual([{ do: 'open' }]);
    expect(step.next.reconnects).toBe(0);
  });

  it('clears the error and the backoff once it is open', () => {
    const now = run(at('open', { me }), closed(503), { kind: 'ReconnectDue' }, { kind: 'Opened', me });
    expect(now).toMatchObject({ state: 'open', lastError: null, failures: 0, reconnects: 1 });
  });
});

describe('closes', () => {
  it.each([
    [408, 'connection_timeout'],
    [428, 'connection_closed'],
    [500, 'session_invalid'],
    [503, 'whatsapp_unavailable'],
    [405, 'whatsapp_unavailable'],
    [599, 'connection_closed'],
  ])('%i is tried again later and says %s', (code, error) => {
    const step = advance(at('open', { me }), closed(code), policy);
    expect(step.next).toMatchObject({ state: 'reconnecting', lastError: { code: error }, reconnects: 1 });
    expect(step.effects).toEqual([{ do: 'end' }, { do: 'reconnectAfter', delayMs: 2_500 }]);
  });

  it.each([
    [401, 'logged_out', 'logged_out', true],
    [403, 'failed', 'banned', false],
    [440, 'stopped', 'connection_replaced', false],
    [411, 'failed', 'session_invalid', false],
  ] as const)('%i rests as %s (%s), erases the session: %s', (code, state, error, erases) => {
    const step = advance(at('open', { me }), closed(code), policy);
    expect(step.next).toMatchObject({ state, lastError: { code: error } });
    expect(step.effects.some((effect) => effect.do === 'eraseSession')).toBe(erases);
    expect(step.effects.some((effect) => effect.do === 'reconnectAfter')).toBe(false);
  });

  it('stops when nobody scanned the QR code, and a later connect starts anew', () => {
    const now = run(at('qr'), closed(408, 'QR refs attempts ended'));
    expect(now).toMatchObject({ state: 'stopped', lastError: { code: 'qr_expired' } });
    expect(run(now, { kind: 'ConnectAsked' }).state).toBe('connecting');
  });

  it('does not take a timeout of an open socket for an expired QR code', () => {
    expect(run(at('open'), closed(408, 'QR refs attempts ended')).state).toBe('reconnecting');
  });

  it('names a certificate that the root does not sign', () => {
    const verdict = judgeClose({ code: 500, detail: 'noise certificate signature invalid' }, 'connecting', 1);
    expect(verdict).toMatchObject({ decision: 'backoff', error: { code: 'certificate_invalid' } });
  });

  it('tells a network that does not reach WhatsApp from a server that is slow', () => {
    const cause = { code: 408, detail: 'WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)' };
    expect(judgeClose(cause, 'connecting', 1)).toMatchObject({ error: { code: 'connection_refused' } });
    expect(judgeClose({ code: 408, detail: 'lost' }, 'open', 1)).toMatchObject({
      error: { code: 'connection_timeout' },
    });
  });

  it('carries the code and the detail in the message', () => {
    const verdict = judgeClose({ code: 428, detail: 'Connection Terminated' }, 'open', 1);
    expect(verdict).toMatchObject({
      error: { message: expect.stringContaining('[428 Connection Terminated]') },
    });
  });
});

describe('the backoff', () => {
  it('doubles from the least to the largest delay, with full jitter', () => {
    const most = { ...policy, random: () => 0.999_999 };
    const delays = [0, 1, 2, 6, 20, 2_000].map((failures) => reconnectDelayMs(failures, most));
    expect(delays).toEqual([4_999, 9_999, 19_999, 299_999, 299_999, 299_999]);
    expect(reconnectDelayMs(9, { ...policy, random: () => 0 })).toBe(0);
  });
});

const isParked = ({ isHeld, lastError }: Lifecycle): boolean => isHeld && lastError?.code === 'outbox_full';

describe('a full outbox', () => {
  const full: LifecycleEvent = { kind: 'OutboxFull' };
  const drained: LifecycleEvent = { kind: 'OutboxDrained' };

  it.each(['open', 'connecting', 'reconnecting'] as const)('disconnects an instance that is %s', (state) => {
    const { next, effects } = advance(at(state, { me }), full, policy);
    expect(next).toMatchObject({ state: 'reconnecting', isHeld: true, lastError: { code: 'outbox_full' } });
    expect(effects).toEqual([{ do: 'cancelReconnect' }, { do: 'end' }]);
  });

  it('opens it again once it has drained, and not before', () => {
    const parked = run(at('open', { me }), full);
    for (const event of [
      { kind: 'ConnectAsked' },
      { kind: 'RestartAsked' },
      { kind: 'TakenOver' },
      { kind: 'ReconnectDue' },
      { kind: 'Opened', me },
      closed(428),
      full,
    ] as LifecycleEvent[])
      expect(advance(parked, event, policy)).toMatchObject({ next: parked, effects: [] });
    const { next, effects } = advance(parked, drained, policy);
    expect(next).toMatchObject({ state: 'connecting', isHeld: false });
    expect(effects).toEqual([{ do: 'cancelReconnect' }, { do: 'open' }]);
  });

  it('holds one that a fresh thread takes over', () => {
    const { next, effects } = advance(at('open', { me, isHeld: true }), { kind: 'TakenOver' }, policy);
    expect(next).toMatchObject({ state: 'reconnecting', lastError: { code: 'outbox_full' } });
    expect(effects.some((effect) => effect.do === 'open')).toBe(false);
  });

  it('leaves a person the last word, and pairing in peace', () => {
    const parked = run(at('open', { me }), full);
    expect(run(parked, { kind: 'DisconnectAsked' }).state).toBe('stopped');
    expect(run(parked, { kind: 'DisconnectAsked' }, drained).state).toBe('stopped');
    expect(run(parked, { kind: 'LogoutAsked' }).state).toBe('logged_out');
    expect(run(at('qr'), full).state).toBe('qr');
    expect(run(at('created'), full, { kind: 'ConnectAsked' }).state).toBe('connecting');
    const paired = run(at('qr'), full, { kind: 'Paired', me }, closed(515), { kind: 'Opened', me });
    expect(paired).toMatchObject({ state: 'reconnecting', lastError: { code: 'outbox_full' } });
  });
});

const anyEvent: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  fc.constantFrom<LifecycleEvent>(
    { kind: 'ConnectAsked' },
    { kind: 'TakenOver' },
    { kind: 'PairAnewAsked' },
    { kind: 'DisconnectAsked' },
    { kind: 'RestartAsked' },
    { kind: 'LogoutAsked' },
    { kind: 'QrShown' },
    { kind: 'PairingCodeShown' },
    { kind: 'Paired', me },
    { kind: 'Opened', me },
    { kind: 'MeChanged', me },
    { kind: 'ReconnectDue' },
    { kind: 'OutboxFull' },
    { kind: 'OutboxDrained' },
    { kind: 'OpenFailed', error: { code: 'store_failed', message: 'x', at: 1 } },
  ),
  fc.constantFrom(401, 403, 408, 411, 428, 440, 500, 503, 515).map((code) => closed(code)),
);

describe('whatever happens', () => {
  it('holds its invariants for any sequence of events', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let now = at('created');
        for (const event of events) {
          const { next, effects } = advance(now, event, policy);
          expect(instanceStates).toContain(next.state);
          const opens = effects.filter((effect) => effect.do === 'open').length;
          expect(opens).toBeLessThanOrEqual(1);
          if (restingStates.includes(next.state)) {
            expect(opens).toBe(0);
            expect(effects.some((effect) => effect.do === 'reconnectAfter')).toBe(false);
          }
          if (effects.some((effect) => effect.do === 'eraseSession'))
            expect(event.kind === 'PairAnewAsked' || next.state === 'logged_out').toBe(true);
          const isReconnecting = next.state === 'reconnecting' && now.state !== 'reconnecting';
          if (isReconnecting)
            expect(effects.some((effect) => effect.do === 'reconnectAfter')).toBe(!isParked(next));
          if (isParked(now) && next.me && event.kind !== 'OutboxDrained') expect(opens).toBe(0);
          now = next;
        }
      }),
    );
  });

  it('a resting instance is moved by a person only', () => {
    for (const state of restingStates)
      for (const event of [
        closed(428),
        { kind: 'Opened', me },
        { kind: 'QrShown' },
        { kind: 'ReconnectDue' },
      ])
        expect(run(at(state), event as LifecycleEvent).state).toBe(state);
  });
});

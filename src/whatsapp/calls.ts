/**
 * Calls that ring, and their rejection: asked for over REST or by the setting. Called through `actions.ts` and
 * by `call-events.ts`; no media ever flows.
 */
import type { WASocket } from '@whiskeysockets/baileys';
import { iso } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { CallActions } from '../protocol/calls.ts';
import type { CallEnd, NewEvent } from '../protocol/events.ts';
import type { Party } from '../protocol/message.ts';
import type { HandlersOf } from './action-context.ts';
import type { Call, RingingCalls } from './ringing-calls.ts';

export const callEnded = (
  id: string,
  from: Party,
  reason: CallEnd,
  atMs: number,
): NewEvent<'call.ended'> => ({
  type: 'call.ended',
  chat: from.jid,
  data: { id, from, reason, at: iso(atMs) },
});

/** The event of its end, unless that was told. Rejects where WhatsApp does not take it. */
export async function rejectCall(
  sock: Pick<WASocket, 'rejectCall'>,
  calls: RingingCalls,
  { id, from, party }: Call,
  nowMs: number,
): Promise<NewEvent[]> {
  await sock.rejectCall(id, from);
  return calls.end(id) ? [callEnded(id, party, 'rejected', nowMs)] : [];
}

export const callHandlers: HandlersOf<keyof CallActions> = {
  async RejectCall({ callId }, { sock, calls, clock, raise }) {
    const call = calls.find(callId);
    if (!call) throw new AppError('not_found', `No call ${callId} rings: it has ended, or never came.`);
    raise(await rejectCall(sock, calls, call, clock.now()));
    return null;
  },
};

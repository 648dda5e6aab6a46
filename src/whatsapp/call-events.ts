/**
 * Calls as they ring and end, and the setting that rejects them, with a message to the caller where one is
 * set. Subscribed by `capability-events.ts`.
 */
import { createHash } from 'node:crypto';
import type { WACallEvent } from '@whiskeysockets/baileys';
import { iso } from '../clock.ts';
import type { CallEnd, NewEvent } from '../protocol/events.ts';
import { callEnded, rejectCall } from './calls.ts';
import type { CapabilityParts } from './capability-parts.ts';
import type { Call } from './ringing-calls.ts';

const ends: Partial<Record<WACallEvent['status'], CallEnd>> = {
  accept: 'accepted',
  reject: 'rejected',
  timeout: 'timeout',
  terminate: 'ended',
};

/** The same for the same call: an offer that comes again writes nothing again. */
function messageIdOf(instance: string, callId: string): string {
  const digest = createHash('sha256').update(`rejected call:${instance}:${callId}`).digest('hex');
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}

class CallReader {
  private readonly parts: CapabilityParts;

  constructor(parts: CapabilityParts) {
    this.parts = parts;
  }

  readonly update = (calls: readonly WACallEvent[]): void => {
    for (const call of calls) {
      if (call.status === 'offer') this.offered(call);
      else this.ended(call, ends[call.status]);
    }
  };

  private offered(event: WACallEvent): void {
    const { facts, party, calls } = this.parts;
    facts.raise(async () => {
      const from = await party(event.from, event.callerPn ?? null);
      const call = { id: event.id, from: event.from, party: from };
      if (!calls.begin(call)) return [];
      if (!event.offline) this.rejectIfSet(call);
      return [await this.received(event, call)];
    });
  }

  private async received(event: WACallEvent, { id, party: from }: Call): Promise<NewEvent> {
    const { groupJid, isVideo, isGroup, date, offline } = event;
    const group = groupJid ? await this.parts.party(groupJid) : null;
    const data = {
      ...{ id, from, group, offline, at: iso(date.getTime()) },
      isVideo: isVideo === true,
      isGroup: isGroup === true,
    };
    return { type: 'call.received', chat: from.jid, data };
  }

  private ended(event: WACallEvent, reason: CallEnd | undefined): void {
    const { facts, party, calls } = this.parts;
    if (!reason) return;
    facts.raise(async () => {
      const from = calls.find(event.id)?.party ?? (await party(event.from, event.callerPn ?? null));
      return calls.end(event.id) ? [callEnded(event.id, from, reason, event.date.getTime())] : [];
    });
  }

  private rejectIfSet(call: Call): void {
    const { settings, attempt, sock, calls, clock, facts } = this.parts;
    if (!settings.rejectCalls) return;
    attempt(async () => {
      const events = await rejectCall(sock, calls, call, clock.now());
      facts.raise(() => events);
      this.explain(call);
    });
  }

  private explain({ id, party }: Call): void {
    const { settings, instance, facts } = this.parts;
    const text = settings.rejectCallMessage;
    if (!text) return;
    const content = { type: 'text', text, mentions: [] } as const;
    const messageId = messageIdOf(instance, id);
    facts.push({ kind: 'MessageWanted', messageId, to: party.pn ?? party.jid, content });
  }
}

export function subscribeCalls(parts: CapabilityParts): void {
  const reader = new CallReader(parts);
  parts.sock.ev.on('call', reader.update);
}

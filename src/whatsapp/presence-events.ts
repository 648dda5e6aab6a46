/**
 * Who is online or types, of those subscribed to. People type in bursts: what comes within a moment is told
 * once, as it stands at its end, and never the same twice. Subscribed by `capability-events.ts`.
 */
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import { iso, type Timer } from '../clock.ts';
import type { NewEvent, PresenceState } from '../protocol/events.ts';
import { BoundedMap } from './bounded-map.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { presenceCoalesceMs, presencesKnownMax } from './limits.ts';

interface Presence {
  readonly chat: string;
  readonly participant: string;
  readonly state: PresenceState;
  /** Seconds since the epoch. */
  readonly lastSeen: number | null;
}

/** WhatsApp's "paused" is a person who is online and does not type. */
const stateOf = (known: string): PresenceState =>
  known === 'paused' ? 'available' : (known as PresenceState);

class PresenceReader {
  private readonly parts: CapabilityParts;
  private readonly told = new BoundedMap<string>(presencesKnownMax);
  private waiting = new Map<string, Presence>();
  private timer: Timer | undefined;

  constructor(parts: CapabilityParts) {
    this.parts = parts;
  }

  readonly update = ({ id, presences }: BaileysEventMap['presence.update']): void => {
    for (const [participant, { lastKnownPresence, lastSeen }] of Object.entries(presences)) {
      const presence = {
        chat: id,
        participant,
        state: stateOf(lastKnownPresence),
        lastSeen: lastSeen ?? null,
      };
      this.waiting.set(`${id} ${participant}`, presence);
    }
    if (this.waiting.size >= presencesKnownMax) this.tell();
    else this.timer ??= this.parts.clock.after(presenceCoalesceMs, () => this.tell());
  };

  private tell(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const news = [...this.waiting].filter(([key, presence]) => this.isNew(key, presence));
    this.waiting = new Map();
    this.parts.facts.raise(() => Promise.all(news.map(([, presence]) => this.event(presence))));
  }

  private isNew(key: string, { state, lastSeen }: Presence): boolean {
    const text = `${state} ${lastSeen}`;
    if (this.told.get(key) === text) return false;
    this.told.set(key, text);
    return true;
  }

  private async event({ chat, participant, state, lastSeen }: Presence): Promise<NewEvent> {
    const { party } = this.parts;
    const data = {
      chat: await party(chat),
      participant: await party(participant),
      state,
      lastSeen: lastSeen === null ? null : iso(lastSeen * 1_000),
    };
    return { type: 'presence.updated', chat: data.chat.jid, data };
  }
}

export function subscribePresences(parts: CapabilityParts): void {
  const reader = new PresenceReader(parts);
  parts.sock.ev.on('presence.update', reader.update);
}

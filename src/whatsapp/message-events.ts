/**
 * Stars and deletions for this account alone, as its other devices make them. Subscribed by
 * `capability-events.ts`. A synchronisation tells everything again: what is not kept is nobody's news.
 */
import type { BaileysEventMap, WAMessageKey } from '@whiskeysockets/baileys';
import type { NewEvent } from '../protocol/events.ts';
import { partyId, type StoredMessage } from '../store/conversation-ports.ts';
import { mineOf } from './addresses.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { messageHidden, starMark } from './message-actions.ts';
import type { WaFact } from './wa-socket.ts';

class MessageReader {
  private readonly parts: CapabilityParts;

  constructor(parts: CapabilityParts) {
    this.parts = parts;
  }

  readonly updated = (updates: BaileysEventMap['messages.update']): void => {
    for (const { key, update } of updates) {
      const { starred } = update;
      if (typeof starred === 'boolean') this.parts.facts.later(() => this.starOf(key, starred));
    }
  };

  readonly deleted = (deletion: BaileysEventMap['messages.delete']): void => {
    if (!('keys' in deletion)) return;
    for (const key of deletion.keys) this.parts.facts.raise(() => this.deletionOf(key));
  };

  private async starOf(key: WAMessageKey, isOn: boolean): Promise<WaFact | undefined> {
    const { instance, clock } = this.parts;
    const found = await this.find(key);
    if (!found || found.marks.some(({ kind }) => kind === 'starred') === isOn) return undefined;
    const { chatId, view } = found;
    const write = starMark(instance, { chatId, id: view.id, isOn, at: clock.now() });
    return { kind: 'EventsRaised', events: [], writes: [write] };
  }

  private async deletionOf(key: WAMessageKey): Promise<NewEvent[]> {
    const { instance, clock, store, me } = this.parts;
    const found = await this.find(key);
    if (!found) return [];
    const { chatId, view } = found;
    await store.eraseMessages(instance, chatId, { id: view.id });
    return [messageHidden(view.id, view.chat, mineOf(me()), clock.now())];
  }

  private async find({ id, remoteJid, fromMe }: WAMessageKey): Promise<StoredMessage | undefined> {
    const { store, instance, party } = this.parts;
    if (!id || !remoteJid) return undefined;
    const chat = await party(remoteJid);
    const found = await store.conversations.messagesOf(instance, id);
    return found.find(
      ({ chatId, key, view }) =>
        key.fromMe === (fromMe === true) && (chatId === partyId(chat) || view.chat.jid === chat.jid),
    );
  }
}

export function subscribeMessages(parts: CapabilityParts): void {
  const reader = new MessageReader(parts);
  parts.sock.ev.on('messages.update', reader.updated);
  parts.sock.ev.on('messages.delete', reader.deleted);
}

/**
 * Labels as other devices of the account change them. Subscribed by `capability-events.ts`. A synchronisation
 * tells everything again: only what differs from the rows is an event.
 */
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import type { NewEvent } from '../protocol/events.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { LabelRows } from './label-rows.ts';
import { labelMoved, labelUpdated } from './labels.ts';

class LabelReader {
  private readonly parts: CapabilityParts;
  private readonly rows: LabelRows;

  constructor(parts: CapabilityParts) {
    this.parts = parts;
    this.rows = new LabelRows(parts.store, parts.instance);
  }

  readonly edited = (edit: BaileysEventMap['labels.edit']): void =>
    this.parts.facts.raise(() => this.editOf(edit));

  readonly associated = (change: BaileysEventMap['labels.association']): void =>
    this.parts.facts.raise(() => this.associationOf(change));

  /** Committed here and not with the event: the next change of the same synchronisation reads the row. */
  private async editOf(edit: BaileysEventMap['labels.edit']): Promise<NewEvent[]> {
    const { rows } = this;
    const before = await rows.find(edit.id);
    const label = { id: edit.id, name: edit.name ?? before?.name ?? '', color: edit.color ?? 0 };
    if (edit.deleted) {
      if (!before) return [];
      await this.parts.store.commit(await rows.removal(edit.id));
    } else {
      if (before?.name === label.name && before.color === label.color) return [];
      await this.parts.store.commit([rows.write(label)]);
    }
    return [labelUpdated(label, edit.deleted)];
  }

  private async associationOf({
    association,
    type,
  }: BaileysEventMap['labels.association']): Promise<NewEvent[]> {
    const { labelId, chatId: chat } = association;
    const messageId = 'messageId' in association ? association.messageId : null;
    const isLabeled = type === 'add';
    if ((await this.rows.has({ labelId, chat, messageId })) === isLabeled) return [];
    await this.parts.store.commit([this.rows.associate({ labelId, chat, messageId }, isLabeled)]);
    const label = (await this.rows.find(labelId)) ?? { id: labelId, name: '', color: 0 };
    return [labelMoved(label, await this.parts.party(chat), messageId, isLabeled)];
  }
}

export function subscribeLabels(parts: CapabilityParts): void {
  const reader = new LabelReader(parts);
  parts.sock.ev.on('labels.edit', reader.edited);
  parts.sock.ev.on('labels.association', reader.associated);
}

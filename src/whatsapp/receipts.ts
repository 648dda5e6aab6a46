/**
 * Delivery, read and played receipts of what this account sent, taken in Baileys' place: those that come
 * together are one durable batch and are acknowledged once it is, so that a crash loses none (Baileys
 * acknowledges each at once, with a write of its own). Called by `connection.ts`. Retries, receipts of own
 * devices and whatever else is no such receipt stay with Baileys.
 */
import type { EventEmitter } from 'node:events';
import {
  type BinaryNode,
  getBinaryNodeChildren,
  isJidGroup,
  isJidStatusBroadcast,
} from '@whiskeysockets/baileys';
import { type Clock, yieldTurn } from '../clock.ts';
import { detach } from '../detach.ts';
import type { Me } from '../protocol/instance.ts';
import type { MessageStatus } from '../protocol/message.ts';
import { isMine } from './addresses.ts';
import type { LidMapping } from './lid-mapping.ts';
import { statusUpdate } from './statuses.ts';
import type { StatusUpdate } from './wa-socket.ts';

export interface ReceiptParts {
  readonly ws: Pick<EventEmitter, 'listeners' | 'off' | 'on'>;
  readonly lids: LidMapping;
  readonly clock: Clock;
  me(): Me;
  /** Chats that the settings leave out: Baileys acknowledges and drops them. */
  ignores(jid: string): boolean;
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when durable. */
  record(updates: readonly StatusUpdate[]): Promise<void>;
  acknowledge(stanzas: readonly BinaryNode[]): void;
  failed(error: unknown): void;
}

type Listener = (stanza: BinaryNode) => unknown;

const statuses = new Map<string | undefined, MessageStatus>([
  [undefined, 'delivered'],
  ['read', 'read'],
  ['played', 'played'],
]);

const hasMembers = (jid: string): boolean => isJidGroup(jid) === true || isJidStatusBroadcast(jid);

/** The message's id, then further ones of the same chat that the receipt is for. */
function idsOf({ attrs, content }: BinaryNode): string[] {
  const list = Array.isArray(content) ? content[0] : undefined;
  const further = getBinaryNodeChildren(list, 'item').map((item) => item.attrs['id']);
  return [attrs['id'], ...further].filter((id) => id !== undefined);
}

export class Receipts {
  private readonly parts: ReceiptParts;
  private waiting: BinaryNode[] = [];
  private isRunning = false;

  constructor(parts: ReceiptParts) {
    this.parts = parts;
  }

  /** Takes Baileys' place in front of it. */
  install(): void {
    const { ws } = this.parts;
    for (const original of ws.listeners('CB:receipt') as Listener[]) {
      ws.off('CB:receipt', original);
      ws.on('CB:receipt', (stanza: BinaryNode) =>
        this.isOurs(stanza) ? this.take(stanza) : original(stanza),
      );
    }
  }

  private isOurs({ attrs, content }: BinaryNode): boolean {
    const { from, participant, recipient, type } = attrs;
    if (!from || recipient || !statuses.has(type)) return false;
    if (hasMembers(from) !== (participant !== undefined)) return false;
    if (Array.isArray(content) && content[0]?.tag !== 'list') return false;
    return !isMine(participant ?? from, this.parts.me()) && !this.parts.ignores(from);
  }

  private take(stanza: BinaryNode): void {
    this.waiting.push(stanza);
    if (this.isRunning) return;
    this.isRunning = true;
    detach(
      this.parts.guard(() => this.drain()),
      this.parts.failed,
    );
  }

  private async drain(): Promise<void> {
    try {
      // What one read of the socket brought is one batch.
      await yieldTurn();
      while (this.waiting.length > 0) {
        const stanzas = this.waiting.splice(0);
        const updates = await Promise.all(stanzas.map((stanza) => this.updatesOf(stanza)));
        await this.parts.record(updates.flat());
        this.parts.acknowledge(stanzas);
      }
    } finally {
      this.isRunning = false;
    }
  }

  private async updatesOf(stanza: BinaryNode): Promise<StatusUpdate[]> {
    const { from, participant, type, t } = stanza.attrs;
    const change = {
      status: statuses.get(type) ?? 'delivered',
      participant: participant ?? null,
      seconds: t,
      whatsappCode: null,
    };
    const { lids, clock } = this.parts;
    const found = idsOf(stanza).map((id) =>
      statusUpdate(lids, { fromMe: true, remoteJid: from ?? '', id }, change, clock.now()),
    );
    return (await Promise.all(found)).filter((update) => update !== undefined);
  }
}

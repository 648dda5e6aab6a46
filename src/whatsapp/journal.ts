/**
 * The inbound journal, variant *direct* (facts/inbound-journal.md B.7): the event of a message joins the
 * commit of the Signal session that decrypted it, before the receipt leaves. A redelivery whose key was
 * used up is answered from what is durable, so that Baileys sends the receipt instead of dropping it.
 * Works inside the repository's decryption; never touches a ratchet itself.
 */
import {
  areJidsSameUser,
  type BinaryNode,
  cleanMessage,
  decodeMessageNode,
  proto,
  unpadRandomMax16,
  type WAMessage,
} from '@whiskeysockets/baileys';
import type { MessageKey } from '../store/conversation-ports.ts';
import type { OutboxStore, Store, StoreWrite } from '../store/ports.ts';
import type { AccountRecords } from './account-records.ts';
import { BoundedMap } from './bounded-map.ts';
import { visibleContent } from './content.ts';
import { stagedHistory } from './history-rows.ts';
import { type InboundParts, receivedMessage } from './inbound.ts';
import { changeOf, isChange } from './message-changes.ts';
import { PlaintextSlots } from './plaintext-slots.ts';
import type { DecryptJournal } from './repository-parts.ts';
import { processSenderKeyDistribution } from './sender-keys.ts';
import { senderKeyName, signalAddress } from './signal-address.ts';
import { SignalError } from './signal-errors.ts';
import type { SignalOperation } from './signal-operation.ts';
import type { WaSocketOptions } from './wa-socket.ts';

export interface JournalParts extends InboundParts {
  readonly records: AccountRecords;
  readonly outbox: Pick<OutboxStore, 'seqOf'>;
  readonly conversations: Pick<Store['conversations'], 'messagesOf'>;
  readonly options: Pick<WaSocketOptions, 'record' | 'recordSent' | 'recordChange' | 'recorded'> &
    Partial<Pick<WaSocketOptions, 'settings'>>;
}

/** One `<enc>` of a stanza; the ciphertext object is the same that the repository gets. */
interface Enclosed {
  readonly ciphertext: Uint8Array;
  readonly stanza: BinaryNode;
  readonly index: number;
  readonly count: number;
}

/** Unpads to an empty message: Baileys sends the receipt, and there is nothing to emit. */
const emptyPlaintext = (): Uint8Array => Buffer.from([1]);
const recentMax = 512;

function decodePlaintext(plaintext: Uint8Array): proto.IMessage | undefined {
  try {
    return proto.Message.decode(unpadRandomMax16(plaintext));
  } catch {
    return undefined;
  }
}

const messageKey = (message: WAMessage): string =>
  `${message.key.remoteJid}|${message.key.participant ?? ''}|${message.key.id}`;

export class Journal implements DecryptJournal {
  private readonly parts: JournalParts;
  private readonly enclosed = new WeakMap<Uint8Array, Enclosed>();
  /** Stanzas with an earlier part that was more than a sender key: their event is made at the upsert. */
  private readonly compound = new WeakSet<BinaryNode>();
  private readonly recent = new BoundedMap<true>(recentMax);
  private readonly slots: PlaintextSlots;

  constructor(parts: JournalParts) {
    this.parts = parts;
    this.slots = new PlaintextSlots(parts.records);
  }

  /** Before Baileys sees the stanza: remembers which ciphertext belongs to it. False where it has none. */
  expect(stanza: BinaryNode): boolean {
    if (!Array.isArray(stanza.content)) return false;
    const parts = stanza.content.filter(({ tag }) => tag === 'enc');
    for (const [index, { content }] of parts.entries()) {
      if (!(content instanceof Uint8Array)) continue;
      this.enclosed.set(content, { ciphertext: content, stanza, index, count: parts.length });
    }
    return parts.length > 0;
  }

  /** True once for a message whose event is already durable, when its upsert comes. */
  wasRecorded(message: WAMessage): boolean {
    return this.recent.delete(messageKey(message));
  }

  async commitDecrypt(ciphertext: Uint8Array, plaintext: Uint8Array, op: SignalOperation): Promise<void> {
    const enclosed = this.enclosed.get(ciphertext);
    const content = enclosed && decodePlaintext(plaintext);
    if (!enclosed || !content) return this.parts.records.write(op.changes);
    const distribution = content.senderKeyDistributionMessage;
    if (distribution) return this.commitWithSenderKey(enclosed, content, plaintext, op, distribution);
    return this.commitWithEvent(enclosed, content, plaintext, op);
  }

  async failed(ciphertext: Uint8Array, error: unknown): Promise<Uint8Array | undefined> {
    const enclosed = this.enclosed.get(ciphertext);
    if (!enclosed || !(error instanceof SignalError)) return undefined;
    const kept = await this.slots.find(ciphertext);
    if (kept) return kept;
    if (await this.isDurable(enclosed.stanza)) return emptyPlaintext();
    const hasLaterPart = enclosed.index < enclosed.count - 1;
    return error.isDuplicate && hasLaterPart ? emptyPlaintext() : undefined;
  }

  /** The sender key that a first group message carries is stored with the session that decrypted it. */
  private commitWithSenderKey(
    enclosed: Enclosed,
    content: proto.IMessage,
    plaintext: Uint8Array,
    op: SignalOperation,
    { groupId, axolotlSenderKeyDistributionMessage: bytes }: proto.Message.ISenderKeyDistributionMessage,
  ): Promise<void> {
    const { participant, from } = enclosed.stanza.attrs;
    const author = signalAddress(participant ?? from ?? '');
    if (!groupId || !bytes) return this.commitWithEvent(enclosed, content, plaintext, op);
    const key = `sender-key:${senderKeyName(groupId, author)}`;
    return this.parts.records.locks.run(key, async () => {
      await op.run(() => processSenderKeyDistribution(op, groupId, author, bytes));
      await this.commitWithEvent(enclosed, content, plaintext, op);
    });
  }

  private async commitWithEvent(
    enclosed: Enclosed,
    content: proto.IMessage,
    plaintext: Uint8Array,
    op: SignalOperation,
  ): Promise<void> {
    const message = this.directMessage(enclosed, content);
    const bytes = (): Uint8Array =>
      content.deviceSentMessage ? encoded(message?.message) : unpadRandomMax16(plaintext);
    const writes = message ? await this.writesOf(message, enclosed.stanza, bytes) : [];
    if (!message && hasEffects(content)) await this.slots.stage(op.changes, enclosed.ciphertext, plaintext);
    const history = message ? [] : stagedHistory(this.parts, enclosed.stanza, content);
    await this.parts.records.write(op.changes, [...writes, ...history]);
    if (!message) return;
    this.recent.set(messageKey(message), true);
    if (writes.length > 0) this.parts.options.recorded(writes);
  }

  private async writesOf(
    message: WAMessage,
    stanza: BinaryNode,
    bytes: () => Uint8Array,
  ): Promise<readonly StoreWrite[]> {
    const change = await changeOf(this.parts, message, stanza.attrs['edit']);
    if (change) return (await this.parts.options.recordChange?.(change)) ?? [];
    const received = await receivedMessage(this.parts, message, Boolean(stanza.attrs['offline']));
    if (!received) return [];
    const { options } = this.parts;
    const source = { key: keyOf(message), proto: bytes() };
    return received.fromMe
      ? (options.recordSent?.(received, source) ?? [])
      : options.record(received, source);
  }

  /** The whole message, where this part completes it and it is somebody else's to tell. */
  private directMessage({ stanza, index, count }: Enclosed, content: proto.IMessage): WAMessage | undefined {
    if (index < count - 1) {
      if (isTold(content)) this.compound.add(stanza);
      return undefined;
    }
    const told = content.deviceSentMessage?.message ?? content;
    if (this.compound.has(stanza) || !isTold(told)) return undefined;
    const message = this.decoded(stanza);
    if (!message || message.category === 'peer') return undefined;
    if (message.key.fromMe && !this.parts.options.recordSent) return undefined;
    message.message = told;
    const me = this.parts.me();
    cleanMessage(message, me.jid, me.lid ?? '');
    return message;
  }

  private decoded(stanza: BinaryNode): WAMessage | undefined {
    const me = this.parts.me();
    try {
      const message = decodeMessageNode(stanza, me.jid, me.lid ?? '').fullMessage as WAMessage;
      // Baileys knows the account in a broadcast by its number only: a status of another device is its own too.
      const { participant } = message.key;
      if (participant && me.lid && areJidsSameUser(participant, me.lid)) message.key.fromMe = true;
      return message;
    } catch {
      return undefined;
    }
  }

  private async isDurable(stanza: BinaryNode): Promise<boolean> {
    const message = this.decoded(stanza);
    if (!message) return false;
    message.message = { conversation: ' ' };
    cleanMessage(message, this.parts.me().jid, this.parts.me().lid ?? '');
    const received = await receivedMessage(this.parts, message, false);
    if (!received) return false;
    const { instance, outbox } = this.parts;
    return (await outbox.seqOf(instance, received.chat.jid, received.from.jid, received.id)) !== undefined;
  }
}

const encoded = (message: proto.IMessage | null | undefined): Uint8Array =>
  proto.Message.encode(message ?? {}).finish();

/** How the message was addressed. */
export const keyOf = ({ key }: WAMessage): MessageKey => ({
  remoteJid: key.remoteJid ?? '',
  fromMe: key.fromMe === true,
  participant: key.participant || null,
});

/** Something that becomes an event: a message, or a change of one. */
const isTold = (content: proto.IMessage): boolean =>
  visibleContent(content) !== undefined || isChange(content);

const effectless: readonly string[] = ['senderKeyDistributionMessage', 'messageContextInfo'];

/** Anything whose effects happen after the commit, in Baileys or at the upsert. */
const hasEffects = (content: proto.IMessage): boolean =>
  Object.entries(content).some(
    ([part, value]) => value !== null && value !== undefined && !effectless.includes(part),
  );

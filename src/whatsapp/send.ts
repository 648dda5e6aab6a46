/**
 * Sending on one socket: encodes a message, relays it under the id it was stored with, and waits for the
 * server's acknowledgement (Baileys resolves when the frame is written). Called by `connect.ts`; never
 * makes an id, never retries, never stores.
 */
import { type BinaryNode, isPnUser, proto, type WAMessageKey, type WASocket } from '@whiskeysockets/baileys';
import type { Clock, Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { unacknowledgedSendsMax } from '../limits.ts';
import type { Me } from '../protocol/instance.ts';
import type { Mark, StoredMessage } from '../store/conversation-ports.ts';
import type { Awaitable, SentRecord } from '../store/ports.ts';
import { resolvedParty } from './addresses.ts';
import { BoundedMap } from './bounded-map.ts';
import type { GroupCache } from './caches.ts';
import { compose, relayExtras } from './compose/compose.ts';
import { withContext } from './compose/context-info.ts';
import type { LidMapping } from './lid-mapping.ts';
import { acknowledgementTimeoutMs, uploadsAtOnceMax } from './limits.ts';
import { quoteContext, quotedOf } from './quotes.ts';
import { appErrorOf, rejectedByWhatsapp, socketEnded } from './refusals.ts';
import { SendWindow } from './send-window.ts';
import type { OutgoingMessage, SendOutcome } from './wa-socket.ts';

export interface SenderParts {
  readonly sock: Pick<WASocket, 'relayMessage' | 'ws' | 'signalRepository' | 'waUploadToServer'>;
  readonly groups: Pick<GroupCache, 'get'>;
  readonly lids: LidMapping;
  readonly clock: Clock;
  /** Where what waits to be uploaded lies. */
  readonly dataDir: string;
  /** No frame leaves before this is durable. */
  holdFrames(stored: Promise<void>): void;
  /** The socket is over: what fails from here on says nothing about the message. */
  hasEnded(): boolean;
  me(): Me;
  /** Every kept message of this id, for what a quote shows. */
  messagesOf(id: string): Awaitable<readonly StoredMessage[]>;
}

interface Waiting {
  readonly outcome: Promise<SendOutcome>;
  readonly resolve: (outcome: SendOutcome) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: Timer;
}

const refusedIdsMax = 64;
const unacceptable = /All encryptions failed/;

export class Sender {
  private readonly parts: SenderParts;
  private readonly window = new SendWindow(unacknowledgedSendsMax);
  private readonly uploads = new SendWindow(uploadsAtOnceMax);
  private readonly waiting = new Map<string, Waiting>();
  private readonly refused = new BoundedMap<true>(refusedIdsMax);
  private isEnded = false;

  constructor(parts: SenderParts) {
    this.parts = parts;
    parts.sock.ws.on('CB:ack,class:message', this.acknowledged);
  }

  /** True where a refusal of this id is the answer of `send`, and no fact besides. */
  answers(id: string): boolean {
    return this.waiting.has(id) || this.refused.get(id) === true;
  }

  async encode(message: OutgoingMessage): Promise<Uint8Array> {
    const { sock, groups, dataDir, clock, me } = this.parts;
    const { to, messageId } = message;
    const content = await compose(message.content, {
      ...{ sock, groups, dataDir, clock, me, to, messageId, uploads: this.uploads },
      hasEnded: () => this.isEnded || this.parts.hasEnded(),
    });
    if (message.quote !== null) withContext(content, await this.quoteContext(message.to, message.quote));
    return proto.Message.encode(content).finish();
  }

  async send(
    message: OutgoingMessage,
    bytes: Uint8Array,
    onWritten: () => void = () => undefined,
    stored?: Promise<void>,
  ): Promise<SendOutcome> {
    await this.window.enter();
    // An id that waits already is the same message: it is not written twice.
    const known = this.waiting.get(message.messageId);
    try {
      if (this.isEnded) throw socketEnded();
      if (known) return await known.outcome;
      const outcome = this.awaitAcknowledgement(message.messageId);
      detach(this.relay(message, bytes, stored).then(onWritten), (error) =>
        this.fail(message.messageId, this.sendError(error, message.to)),
      );
      return await outcome;
    } finally {
      this.window.leave();
    }
  }

  /** The socket ended: the outcome of what waits is unknown. */
  end(): void {
    this.isEnded = true;
    this.parts.sock.ws.off('CB:ack,class:message', this.acknowledged);
    for (const id of [...this.waiting.keys()]) this.fail(id, socketEnded());
    this.window.refuseAll(socketEnded());
    this.uploads.refuseAll(socketEnded());
  }

  private async relay(
    { to, messageId, content }: OutgoingMessage,
    bytes: Uint8Array,
    stored: Promise<void> | undefined,
  ): Promise<void> {
    await this.assertReachable(to);
    if (stored) {
      // Refused already (the disk is full): not a step of the ratchet then.
      await Promise.race([stored, Promise.resolve()]);
      this.parts.holdFrames(stored);
    }
    const options = { messageId, ...relayExtras(content) };
    await this.parts.sock.relayMessage(to, proto.Message.decode(bytes), options);
  }

  /** Baileys sends a number without LID and session to nobody, silently. */
  private async assertReachable(to: string): Promise<void> {
    if (!isPnUser(to) || (await this.parts.lids.getLIDForPN(to))) return;
    const { exists } = await this.parts.sock.signalRepository.validateSession(to);
    if (!exists) throw new AppError('not_on_whatsapp', `WhatsApp knows no account for ${to}.`);
  }

  private awaitAcknowledgement(id: string): Promise<SendOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<SendOutcome>();
    const timer = this.parts.clock.after(acknowledgementTimeoutMs, () =>
      this.fail(id, new AppError('timeout', `no acknowledgement of ${id} in ${acknowledgementTimeoutMs} ms`)),
    );
    this.waiting.set(id, { outcome: promise, resolve, reject, timer });
    return promise;
  }

  private readonly acknowledged = ({ attrs }: BinaryNode): void => {
    const id = attrs['id'] ?? '';
    const code = attrs['error'];
    if (code !== undefined) {
      if (this.waiting.has(id)) this.refused.set(id, true);
      this.fail(id, rejectedByWhatsapp('the message', Number(code) || null));
    } else this.take(id)?.resolve({ at: this.parts.clock.now() });
  };

  /** The guard makes every encryption of an ended socket fail, which Baileys reports as "All encryptions failed". */
  private sendError(error: unknown, to: string): AppError {
    return this.isEnded || this.parts.hasEnded() ? socketEnded() : sendError(error, to);
  }

  private fail(id: string, error: AppError): void {
    this.take(id)?.reject(error);
  }

  private take(id: string): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.timer.cancel();
    return waiting;
  }

  private async quoteContext(to: string, id: string): Promise<proto.IContextInfo> {
    const chat = await resolvedParty(this.parts.lids, to);
    const quoted = quotedOf(await this.parts.messagesOf(id), chat);
    return quoteContext(quoted, id, chat, this.parts);
  }
}

function sendError(error: unknown, to: string): AppError {
  if (error instanceof Error && unacceptable.test(error.message)) {
    return new AppError('whatsapp_rejected', `No device of ${to} could be written to.`, {
      extra: { whatsappCode: null },
    });
  }
  return appErrorOf(error, 'the message');
}

/** What a retry receipt asks for. Nothing of a message that was deleted for everyone since. */
export async function sentMessage(
  parts: Pick<SenderParts, 'messagesOf'> & { sent(id: string): Awaitable<SentRecord | undefined> },
  key: WAMessageKey,
): Promise<proto.IMessage | undefined> {
  const record = key.id ? await parts.sent(key.id) : undefined;
  if (!record?.proto) return undefined;
  const kept = await parts.messagesOf(record.id);
  const isDeleted = kept.some(({ key: { fromMe }, marks }) => fromMe && marks.some(isDeletion));
  return isDeleted ? undefined : proto.Message.decode(record.proto);
}

const isDeletion = ({ kind }: Mark): boolean => kind === 'deleted';

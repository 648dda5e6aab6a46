/** A `WaSocket` that a test plays: sends wait until the test acknowledges, refuses or ends them. */
import { AppError } from '../../../src/errors.ts';
import type { OutgoingMessage, SendOutcome, WaSocket } from '../../../src/whatsapp/wa-socket.ts';

interface Held {
  readonly message: OutgoingMessage;
  resolve(outcome: SendOutcome): void;
  reject(error: Error): void;
}

export class ScriptedSocket implements WaSocket {
  isOpen = true;
  /** Sends that the server has not answered, oldest first. */
  readonly held: Held[] = [];
  readonly sentIds: string[] = [];
  /** One a send, in order: its frame is written when the test calls it. */
  readonly written: (() => void)[] = [];
  #arrivals = Promise.withResolvers<void>();

  async encode(message: OutgoingMessage): Promise<Uint8Array> {
    return new TextEncoder().encode('text' in message.content ? message.content.text : '');
  }

  async send(
    message: OutgoingMessage,
    _proto: Uint8Array,
    onWritten?: () => void,
    stored?: Promise<void>,
  ): Promise<SendOutcome> {
    await stored;
    this.sentIds.push(message.messageId);
    this.written.push(() => onWritten?.());
    return new Promise((resolve, reject) => {
      this.held.push({ message, resolve, reject });
      this.#arrivals.resolve();
      this.#arrivals = Promise.withResolvers();
    });
  }

  /** Resolves once `count` sends have left in all. */
  async left(count: number): Promise<void> {
    while (this.sentIds.length < count) await this.#arrivals.promise;
  }

  acknowledge(at = 1): void {
    this.held.shift()?.resolve({ at });
  }

  refuse(whatsappCode: number): void {
    this.held.shift()?.reject(new AppError('whatsapp_rejected', 'refused', { extra: { whatsappCode } }));
  }

  async queryNumbers(): Promise<never> {
    throw new Error('not asked in these tests');
  }

  async perform(): Promise<never> {
    throw new Error('not asked in these tests');
  }

  async requestPairingCode(): Promise<never> {
    throw new Error('not asked in these tests');
  }

  async logout(): Promise<void> {
    await this.end();
  }

  async end(): Promise<void> {
    this.isOpen = false;
    for (const one of this.held.splice(0)) one.reject(new AppError('actor_restarted', 'the socket ended'));
  }

  async resolveParty(jid: string) {
    return { jid, pn: jid, lid: null };
  }
}

/** What contacts decrypted, for tests and users that look at what arrived. Bounded: the oldest goes first. */
import { limits } from '../limits.ts';
import type { NodeAttrs } from '../wire/node.ts';
import type { proto } from '../wire/proto.ts';

export interface ReceivedMessage {
  readonly contact: string;
  readonly id: string;
  /** Of the stanza as its sender wrote it: `type`, `edit`, `addressing_mode`, … */
  readonly attrs: NodeAttrs;
  readonly message: proto.IMessage;
}

export class ReceivedMessages {
  readonly #kept: ReceivedMessage[] = [];

  add(received: ReceivedMessage): void {
    this.#kept.push(received);
    if (this.#kept.length > limits.receivedMessagesMax) this.#kept.shift();
  }

  of(contact: string): readonly ReceivedMessage[] {
    return this.#kept.filter((received) => received.contact === contact);
  }
}

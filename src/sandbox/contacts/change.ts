/**
 * Messages that change another one, as a phone writes them: reaction, edit, deletion, poll and vote. Pure;
 * used by `speaker.ts`.
 */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { proto } from '../wire/proto.ts';

const { Type } = proto.Message.ProtocolMessage;

/** `fromMe`: the sender of the change wrote the message too. */
export interface ChangedMessage {
  readonly id: string;
  readonly fromMe: boolean;
  readonly remoteJid: string;
  readonly participant?: string;
}

export const reactionTo = (key: ChangedMessage, emoji: string): proto.IMessage => ({
  reactionMessage: { key, text: emoji, senderTimestampMs: 1 },
});

export const editOf = (key: ChangedMessage, text: string): proto.IMessage => ({
  editedMessage: {
    message: {
      protocolMessage: { key, type: Type.MESSAGE_EDIT, editedMessage: { conversation: text } },
    },
  },
});

export const revocationOf = (key: ChangedMessage): proto.IMessage => ({
  protocolMessage: { key, type: Type.REVOKE },
});

export interface Poll {
  readonly message: proto.IMessage;
  readonly secret: Buffer;
}

export function pollOf(question: string, options: readonly string[]): Poll {
  const secret = randomBytes(32);
  const poll = {
    name: question,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: 1,
  };
  return { secret, message: { pollCreationMessageV3: poll, messageContextInfo: { messageSecret: secret } } };
}

const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();

/** Sealed with the poll's secret for its creator and the voter, both as the chat addresses them. */
export function voteFor(
  poll: { readonly key: ChangedMessage; readonly secret: Uint8Array; readonly creator: string },
  voter: string,
  options: readonly string[],
): proto.IMessage {
  const { id } = poll.key;
  const about = Buffer.concat([Buffer.from(`${id}${poll.creator}${voter}Poll Vote`), Buffer.from([1])]);
  const key = hmac(hmac(new Uint8Array(32), poll.secret), about);
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  cipher.setAAD(Buffer.from(`${id}\0${voter}`));
  const selectedOptions = options.map((option) => createHash('sha256').update(option).digest());
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions }).finish();
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    pollUpdateMessage: {
      pollCreationMessageKey: poll.key,
      vote: { encPayload, encIv },
      senderTimestampMs: 1,
    },
  };
}

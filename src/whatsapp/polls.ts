/**
 * Polls: the options of one, and what somebody voted for. A vote is sealed with the poll's secret and holds the
 * hashes of the chosen options. Pure; called by `message-changes.ts` and the shard.
 */
import { createHash } from 'node:crypto';
import { decryptPollVote, normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import type { Party } from '../protocol/message.ts';

const decoded = (bytes: Uint8Array): proto.IMessage => proto.Message.decode(bytes);

function pollOf(message: proto.IMessage): proto.Message.IPollCreationMessage | null | undefined {
  const content = normalizeMessageContent(message);
  return content?.pollCreationMessage ?? content?.pollCreationMessageV2 ?? content?.pollCreationMessageV3;
}

const optionsOf = (message: proto.IMessage): string[] =>
  (pollOf(message)?.options ?? []).flatMap(({ optionName }) => optionName ?? []);

/** Names of the options, in order; empty where the message is no poll. */
export const pollOptions = (bytes: Uint8Array): string[] => optionsOf(decoded(bytes));

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const addressesOf = ({ jid, pn, lid }: Party): string[] =>
  [...new Set([jid, pn, lid].filter((address) => address !== null && address !== ''))] as string[];

/**
 * The names voted for; null where the vote cannot be opened. Which addresses of creator and voter sealed it
 * depends on how the chat is addressed, so each pair is tried.
 */
export function openVote(
  vote: proto.Message.IPollEncValue,
  poll: { readonly id: string; readonly creator: Party; readonly proto: Uint8Array },
  voter: Party,
): string[] | null {
  const message = decoded(poll.proto);
  const secret = message.messageContextInfo?.messageSecret;
  if (!secret) return null;
  const names = new Map(optionsOf(message).map((name) => [hashOf(name), name]));
  for (const pollCreatorJid of addressesOf(poll.creator)) {
    for (const voterJid of addressesOf(voter)) {
      const keys = { pollCreatorJid, voterJid, pollMsgId: poll.id, pollEncKey: Buffer.from(secret) };
      const chosen = tried(vote, keys);
      if (chosen) return chosen.flatMap((hash) => names.get(Buffer.from(hash).toString('hex')) ?? []);
    }
  }
  return null;
}

function tried(
  vote: proto.Message.IPollEncValue,
  keys: Parameters<typeof decryptPollVote>[1],
): Uint8Array[] | undefined {
  try {
    return decryptPollVote(vote, keys).selectedOptions ?? [];
  } catch {
    return undefined;
  }
}

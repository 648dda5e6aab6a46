/** Changes of another message: edit, deletion, reaction, pin. What WhatsApp shows of them hangs on the target's key. */
import { isJidGroup, normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import type { Me } from '../../protocol/instance.ts';
import type { TargetKey } from '../../protocol/message.ts';
import type { ComposeContext, ContentOf } from './compose-context.ts';

const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;

const keyOf = ({ id, remoteJid, fromMe, participant }: TargetKey): proto.IMessageKey => ({
  id,
  remoteJid,
  fromMe,
  ...(participant && !fromMe ? { participant } : {}),
});

/** The message with a file once more, under another caption. */
function recaptioned(original: Uint8Array, caption: string): proto.IMessage {
  const { imageMessage, videoMessage, documentMessage } =
    normalizeMessageContent(proto.Message.decode(original)) ?? {};
  if (imageMessage) return { imageMessage: { ...imageMessage, caption } };
  if (videoMessage) return { videoMessage: { ...videoMessage, caption } };
  if (documentMessage)
    return {
      documentWithCaptionMessage: { message: { documentMessage: { ...documentMessage, caption } } },
    };
  throw new AppError('conflict', 'the message has no caption to edit');
}

export async function composeEdit(
  { target, text, original }: ContentOf<'edit'>,
  { clock }: ComposeContext,
): Promise<proto.IMessage> {
  const editedMessage = original ? recaptioned(original, text) : { extendedTextMessage: { text } };
  return {
    protocolMessage: {
      key: keyOf(target),
      type: ProtocolType.MESSAGE_EDIT,
      editedMessage,
      timestampMs: clock.now(),
    },
  };
}

type Member = {
  readonly id: string;
  readonly lid?: string | undefined;
  readonly phoneNumber?: string | undefined;
};

const isMe = ({ id, lid, phoneNumber }: Member, me: Me): boolean =>
  [id, lid, phoneNumber].some((jid) => jid !== undefined && jid !== '' && (jid === me.pn || jid === me.lid));

/** Members ignore what a member without that right deletes. */
async function assertAdmin(group: string, { groups, me }: ComposeContext): Promise<void> {
  const member = (await groups.get(group))?.participants.find((one) => isMe(one, me()));
  if (member && !member.admin)
    throw new AppError(
      'conflict',
      'only administrators of a group delete the messages of others for everyone; for=me deletes it on this account',
    );
}

/** The `edit` of a stanza that deletes somebody else's message: the server takes it from administrators only. */
export const adminDeletion = '8';
export const isByAdmin = ({ remoteJid, fromMe }: TargetKey): boolean =>
  isJidGroup(remoteJid) === true && !fromMe;

export async function composeDelete(
  { target }: ContentOf<'delete'>,
  context: ComposeContext,
): Promise<proto.IMessage> {
  if (isByAdmin(target)) await assertAdmin(target.remoteJid, context);
  return { protocolMessage: { key: keyOf(target), type: ProtocolType.REVOKE } };
}

export async function composeReaction(
  { target, emoji }: ContentOf<'reaction'>,
  { clock }: ComposeContext,
): Promise<proto.IMessage> {
  return { reactionMessage: { key: keyOf(target), text: emoji, senderTimestampMs: clock.now() } };
}

export async function composePin(
  { target, seconds }: ContentOf<'pin'>,
  { clock }: ComposeContext,
): Promise<proto.IMessage> {
  const type = seconds === null ? PinType.UNPIN_FOR_ALL : PinType.PIN_FOR_ALL;
  return {
    pinInChatMessage: { key: keyOf(target), type, senderTimestampMs: clock.now() },
    messageContextInfo: { messageAddOnDurationInSecs: seconds ?? 0 },
  };
}

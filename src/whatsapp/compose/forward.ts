/**
 * A message once more in another chat: what it shows, without its quote and mentions, marked as forwarded. Its file
 * is not uploaded again: the copy names where it lies and the key that opens it.
 */
import { randomBytes } from 'node:crypto';
import { isJidNewsletter, normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import type { ComposeContext, ContentOf } from './compose-context.ts';
import { type PartName, type ShownPart, shownPart } from './shown-part.ts';

const secretBytes = 32;
const viewedOnce: readonly PartName[] = [
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
];
const conflict = (why: string): AppError => new AppError('conflict', why);

function assertForwardable(message: proto.IMessage, part: ShownPart, to: string): void {
  if (viewedOnce.some((name) => message[name]) || part.viewOnce)
    throw conflict('a message to be viewed once is not forwarded');
  const hasFile = part.fileSha256 !== undefined && part.fileSha256 !== null;
  if (!hasFile) return;
  if (isJidNewsletter(to))
    throw new AppError('not_supported', 'files are not forwarded to a newsletter: send it as a new message');
  if (!part.directPath || !part.mediaKey?.length)
    throw conflict('the key of the file is not kept, so its copy could not be opened');
}

/** WhatsApp shows "forwarded many times" from a score of five on. */
const scoreOf = ({ contextInfo }: ShownPart, isOwn: boolean): number =>
  (contextInfo?.forwardingScore ?? 0) + (isOwn ? 0 : 1);

/** The same host, where the file lies by now. */
function placeOf({ url }: ShownPart, directPath: string | null): Pick<ShownPart, 'url' | 'directPath'> {
  if (directPath === null) return {};
  const origin = url ? URL.parse(url)?.origin : undefined;
  return { directPath, ...(origin ? { url: `${origin}${directPath}` } : {}) };
}

/** Below a wrapper where WhatsApp's apps show the caption of a document only there. */
function wrapped(name: PartName, part: ShownPart): proto.IMessage {
  const message: proto.IMessage = { [name]: part };
  return name === 'documentMessage' && part.caption ? { documentWithCaptionMessage: { message } } : message;
}

export async function composeForward(
  { original, isOwn, directPath }: ContentOf<'forward'>,
  { to }: ComposeContext,
): Promise<proto.IMessage> {
  const message = proto.Message.decode(original);
  const content = normalizeMessageContent(message) ?? {};
  const shown = shownPart(content);
  if (!shown) throw conflict('the message has nothing that can be forwarded');
  assertForwardable(message, shown.part, to);
  const { contextInfo: _, ...part } = shown.part;
  const score = scoreOf(shown.part, isOwn);
  const contextInfo = score > 0 ? { contextInfo: { isForwarded: true, forwardingScore: score } } : {};
  const isSealed = Boolean(
    content.messageContextInfo?.messageSecret ?? message.messageContextInfo?.messageSecret,
  );
  const copy = wrapped(shown.name, { ...part, ...placeOf(part, directPath), ...contextInfo });
  // A poll of its own: votes for the first one do not open with its secret.
  return isSealed ? { ...copy, messageContextInfo: { messageSecret: randomBytes(secretBytes) } } : copy;
}

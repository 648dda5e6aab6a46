/** The one part of a message that is shown, below its wrappers. Used where a message is quoted or forwarded. */
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';

export type PartName = keyof proto.IMessage;

export interface ShownPart {
  text?: string | null;
  caption?: string | null;
  contextInfo?: proto.IContextInfo | null;
  viewOnce?: boolean | null;
  url?: string | null;
  directPath?: string | null;
  mediaKey?: Uint8Array | null;
  fileSha256?: Uint8Array | null;
}

/** Parts that stand beside what is shown. */
const besides: readonly string[] = ['messageContextInfo', 'senderKeyDistributionMessage'];

/** Plain text as the part that can carry a context. */
export function shownPart(
  message: proto.IMessage,
): { readonly name: PartName; readonly part: ShownPart } | undefined {
  const content = normalizeMessageContent(message) ?? {};
  if (content.conversation) return { name: 'extendedTextMessage', part: { text: content.conversation } };
  for (const [name, part] of Object.entries(content)) {
    if (part !== null && typeof part === 'object' && !besides.includes(name))
      return { name: name as PartName, part };
  }
  return undefined;
}

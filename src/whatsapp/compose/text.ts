/** Text, with mentions and the preview of its link. */
import type { proto } from '@whiskeysockets/baileys';
import type { ComposeContext, ContentOf } from './compose-context.ts';
import { mentionContext } from './mentions.ts';

export async function composeText(
  { text, mentions, preview }: ContentOf<'text'>,
  context: ComposeContext,
): Promise<proto.IMessage> {
  const contextInfo = await mentionContext(mentions, context);
  return {
    extendedTextMessage: {
      text,
      ...(contextInfo ? { contextInfo } : {}),
      ...(preview
        ? {
            matchedText: preview.matchedText,
            title: preview.title,
            ...(preview.description ? { description: preview.description } : {}),
            ...(preview.thumbnail ? { jpegThumbnail: preview.thumbnail } : {}),
            previewType: 0,
          }
        : {}),
    },
  };
}

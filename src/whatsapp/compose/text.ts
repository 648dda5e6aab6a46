/** Text, with mentions, the preview of its link and, as a status, its looks. */
import type { proto } from '@whiskeysockets/baileys';
import type { TextFont, TextStyle } from '../../protocol/message.ts';
import type { ComposeContext, ContentOf } from './compose-context.ts';
import { mentioning } from './mentions.ts';

/** WhatsApp's `FontType`. */
const fonts: Readonly<Record<TextFont, number>> = {
  system: 0,
  text: 1,
  script: 2,
  bold: 6,
  morning_breeze: 7,
  calistoga: 8,
  exo: 9,
  courier_prime: 10,
};
const opaque = 0xff000000;
const white = 0xffffffff;

const styled = ({ background, font }: TextStyle): proto.Message.IExtendedTextMessage => ({
  backgroundArgb: opaque + background,
  textArgb: white,
  font: fonts[font],
});

export async function composeText(
  { text, mentions, preview, style }: ContentOf<'text'>,
  context: ComposeContext,
): Promise<proto.IMessage> {
  return {
    extendedTextMessage: {
      ...(await mentioning(text, mentions, context)),
      ...(style ? styled(style) : {}),
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

/** How what is sent is shown in the API: the same fields that a received message has. Pure. */
import type { PreparedMedia } from '../protocol/media.ts';
import type { MediaView, MessageContent, MessageView } from '../protocol/message.ts';

const mediaView = (media: PreparedMedia): MediaView => ({
  mimetype: media.mimetype,
  size: media.sizeBytes,
  sha256: Buffer.from(media.fileSha256).toString('hex'),
  filename: media.filename,
  seconds: media.seconds,
  width: media.width,
  height: media.height,
});

function textOf(content: MessageContent): string | null {
  if ('media' in content) return content.caption;
  if (content.type === 'text' || content.type === 'edit') return content.text;
  if (content.type === 'reaction') return content.emoji;
  if (content.type === 'poll') return content.question;
  return null;
}

export function shownContent(content: MessageContent): Pick<MessageView, 'type' | 'text' | 'media'> {
  if (content.type === 'forward') return content.shown;
  return {
    type: content.type,
    text: textOf(content),
    media: 'media' in content ? mediaView(content.media) : null,
  };
}

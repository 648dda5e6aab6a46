/** How what is sent is shown in the API: the same fields that a received message has. Pure. */
import type { MessageContent, MessageView } from '../protocol/message.ts';

export const shownContent = (content: MessageContent): Pick<MessageView, 'type' | 'text' | 'media'> => ({
  type: content.type,
  text: content.text,
  media: null,
});

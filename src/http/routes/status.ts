/** Status posts: messages to everybody of an audience, through the same durable queue as any message. */
import { type MessageContent, statusJid, type TextStyle } from '../../protocol/message.ts';
import { contentOf, type SendPlace } from '../message-content.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { messageSchema } from '../schemas/message.ts';
import { type StatusInput, statusInput } from '../schemas/status.ts';
import { sendAsked } from '../sending.ts';

async function postOf(body: StatusInput, place: SendPlace): Promise<MessageContent> {
  const { audience, ...rest } = body;
  const to = statusJid;
  if (rest.type !== 'text') return posted(await contentOf({ ...rest, to }, place), { audience });
  const { background, font, ...text } = rest;
  const style = { background: Number.parseInt(background.slice(1), 16), font };
  return posted(await contentOf({ ...text, to }, place), { audience, style });
}

/** The types that a status has are those whose content takes these. */
const posted = (
  content: MessageContent,
  post: { readonly audience: readonly string[]; readonly style?: TextStyle },
): MessageContent => ({ ...content, ...post }) as MessageContent;

export const statusRoutes = (options: FrontOptions): AnyRoute[] => [
  route({
    method: 'post',
    path: '/v1/instances/{id}/status',
    tag: 'status',
    summary: 'Posts a status that the people of `audience` see; answers as sending a message does',
    access: 'key',
    limit: 'messages',
    body: statusInput,
    idempotent: true,
    sends: true,
    takesMedia: true,
    waits: ({ body, upload }) => body.wait === 'delivered' || Boolean(upload),
    answers: { 201: { about: 'The post as a message, with its delivery state', json: messageSchema } },
    handle({ param, body, messageId, upload }) {
      const instance = param('id');
      const place = { intake: options.media, instance, messageId, upload };
      const { wait, timeoutMs } = body;
      const asked = {
        messageId,
        to: statusJid,
        quote: null,
        wait,
        timeoutMs,
        hasMedia: body.type !== 'text',
      };
      return sendAsked(options, instance, { ...asked, content: () => postOf(body, place) });
    },
  }),
];

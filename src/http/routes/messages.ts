/** Messages and number checks. */
import type { Commands, SendInput } from '../../protocol/commands.ts';
import type { MessageContent, MessageView } from '../../protocol/message.ts';
import { json } from '../answer.ts';
import { contentOf, isMedia, type SendPlace } from '../message-content.ts';
import { renderMessage } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  type MessageInput,
  messageInput,
  messageSchema,
  numbersInput,
  numbersSchema,
} from '../schemas/message.ts';

const messages = '/v1/instances/{id}/messages';

/** A file that no message took is nobody's: the shard removes those of the others. */
async function sendPrepared(
  { commands, media: intake }: FrontOptions,
  id: string,
  input: SendInput,
): Promise<MessageView> {
  try {
    return await commands.sendMessage(id, input);
  } catch (error) {
    const { content, messageId } = input;
    if ('media' in content && !(await isQueued(commands, id, messageId))) await intake.drop(content.media);
    throw error;
  }
}

const isQueued = async (commands: Commands, id: string, messageId: string): Promise<boolean> =>
  (await commands.conversations.message(id, messageId, null).catch(() => ({ status: 'queued' })))?.status ===
  'queued';

/**
 * The content, or the one of before: a repeat after a crash finds its message stored under the same id, and its
 * file must not be made anew under another key.
 */
async function contentFor(commands: Commands, body: MessageInput, place: SendPlace): Promise<MessageContent> {
  const known =
    isMedia(body) && (await commands.conversations.message(place.instance, place.messageId, null));
  return known ? { type: 'text', text: '', mentions: [] } : contentOf(body, place);
}

const send = (options: FrontOptions): AnyRoute =>
  route({
    method: 'post',
    path: messages,
    tag: 'messages',
    summary: 'Sends a message; answers when WhatsApp has it, or as `wait` says',
    access: 'key',
    limit: 'messages',
    body: messageInput,
    idempotent: true,
    sends: true,
    takesMedia: true,
    // A file takes as long as the caller's line lets it.
    waits: ({ body, upload }) => body.wait === 'delivered' || Boolean(upload),
    answers: { 201: { about: 'The message with its delivery state', json: messageSchema } },
    async handle({ param, body, messageId, upload }) {
      const { commands, media: intake } = options;
      const instance = param('id');
      const content = await contentFor(commands, body, { intake, instance, messageId, upload });
      const {
        to,
        quote = null,
        wait,
        timeoutMs,
      } = body as Exclude<MessageInput, { type: 'list' | 'buttons' }>;
      const input = { messageId, to, content, quote, wait, timeoutMs };
      return json(201, renderMessage(await sendPrepared(options, instance, input)));
    },
  });

const checkNumbers = (commands: Commands): AnyRoute =>
  route({
    method: 'post',
    path: '/v1/instances/{id}/numbers/check',
    tag: 'numbers',
    summary: 'Which numbers are on WhatsApp',
    access: 'key',
    limit: 'queries',
    body: numbersInput,
    answers: { 200: { about: 'One result a number, in order', json: numbersSchema } },
    handle: async ({ param, body }) =>
      json(200, { results: await commands.checkNumbers(param('id'), body.numbers) }),
  });

export const messageRoutes = (options: FrontOptions): AnyRoute[] => [
  send(options),
  checkNumbers(options.commands),
];

/** Messages and number checks. */
import type { z } from '@hono/zod-openapi';
import { AppError } from '../../errors.ts';
import type { Commands, SendInput } from '../../protocol/commands.ts';
import { json } from '../answer.ts';
import { renderMessage } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  messageInput,
  messageQuery,
  messageSchema,
  numbersInput,
  numbersSchema,
  type textInput,
} from '../schemas/message.ts';

const messages = '/v1/instances/{id}/messages';

const notSupported = (what: string): AppError =>
  new AppError('not_supported', `${what} is not supported by this version`);

function sendInput(body: z.output<typeof textInput>, messageId: string): SendInput {
  if (body.mentions === 'all') throw notSupported('mentions: "all"');
  if (body.linkPreview === true) throw notSupported('linkPreview');
  return {
    messageId,
    to: body.to,
    content: { type: 'text', text: body.text, mentions: body.mentions ?? [] },
    quote: body.quote ?? null,
    wait: body.wait,
    timeoutMs: body.timeoutMs,
  };
}

const send = (commands: Commands): AnyRoute =>
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
    waits: ({ body }) => body.wait === 'delivered',
    answers: { 201: { about: 'The message with its delivery state', json: messageSchema } },
    async handle({ param, body, messageId }) {
      if (body.type !== 'text') throw notSupported(`type "${body.type}"`);
      return json(201, renderMessage(await commands.sendMessage(param('id'), sendInput(body, messageId))));
    },
  });

const read = (commands: Commands): AnyRoute =>
  route({
    method: 'get',
    path: `${messages}/{mid}`,
    tag: 'messages',
    summary: 'A message with its delivery state; `chat` where several messages have the id',
    access: 'key',
    limit: 'queries',
    query: messageQuery,
    answers: { 200: { about: 'The message', json: messageSchema } },
    async handle({ param, query }) {
      const view = await commands.getMessage(param('id'), param('mid'), query.chat ?? null);
      if (!view) throw new AppError('not_found', `there is no message "${param('mid')}"`);
      return json(200, renderMessage(view));
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

export const messageRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  send(commands),
  read(commands),
  checkNumbers(commands),
];

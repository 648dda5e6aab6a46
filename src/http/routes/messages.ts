/** Messages and number checks. */
import type { Commands } from '../../protocol/commands.ts';
import { json } from '../answer.ts';
import { pictureExample } from '../examples.ts';
import { contentOf, isMedia } from '../message-content.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  type MessageInput,
  messageInput,
  messageSchema,
  numbersInput,
  numbersSchema,
} from '../schemas/message.ts';
import { sendAsked } from '../sending.ts';

const messages = '/v1/instances/{id}/messages';

const to = '+55 11 98888-7777';
const media = { base64: pictureExample };
const sendExamples = {
  text: { type: 'text', to, text: 'See you at eight.' },
  image: { type: 'image', to, media, caption: 'The stage' },
  document: { type: 'document', to, media, filename: 'programme.png' },
  location: { type: 'location', to, latitude: -23.545, longitude: -46.638, name: 'Theatro Municipal' },
  contact: { type: 'contact', to, contacts: [{ name: 'Box office', phones: ['+55 11 98888-7777'] }] },
  poll: { type: 'poll', to, question: 'Which evening?', options: ['Friday', 'Saturday'] },
  event: { type: 'event', to, name: 'Premiere', startAt: '2026-12-31T20:00:00.000Z' },
};

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
    examples: sendExamples,
    // A file takes as long as the caller's line lets it.
    waits: ({ body, upload }) => body.wait === 'delivered' || Boolean(upload),
    answers: { 201: { about: 'The message with its delivery state', json: messageSchema } },
    handle({ param, body, messageId, upload }) {
      const instance = param('id');
      const place = { intake: options.media, instance, messageId, upload };
      const {
        to,
        quote = null,
        wait,
        timeoutMs,
      } = body as Exclude<MessageInput, { type: 'list' | 'buttons' }>;
      const asked = { messageId, to, quote, wait, timeoutMs, hasMedia: isMedia(body) };
      return sendAsked(options, instance, { ...asked, content: () => contentOf(body, place) });
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
    asksWhatsapp: true,
    body: numbersInput,
    answers: { 200: { about: 'One result a number, in order', json: numbersSchema } },
    handle: async ({ param, body }) =>
      json(200, { results: await commands.checkNumbers(param('id'), body.numbers) }),
  });

export const messageRoutes = (options: FrontOptions): AnyRoute[] => [
  send(options),
  checkNumbers(options.commands),
];

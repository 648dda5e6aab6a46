/** Kept messages, chats and contacts: reads of the store. */
import { AppError } from '../../errors.ts';
import { json } from '../answer.ts';
import { renderChat, renderDetail } from '../render-conversation.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  chatList,
  chatSchema,
  contactList,
  contactSchema,
  messageDetail,
  messageList,
  messageListQuery,
  pageQuery,
} from '../schemas/conversation.ts';
import { messageQuery } from '../schemas/message.ts';

const base = '/v1/instances/{id}';
const read = { method: 'get', access: 'key', limit: 'queries' } as const;

const messageReads = ({ commands }: FrontOptions): AnyRoute[] => [
  route({
    ...read,
    path: `${base}/messages`,
    tag: 'messages',
    summary: 'Lists kept messages, of one chat or of all, newest first or as `order` says',
    query: messageListQuery,
    answers: { 200: { about: 'Messages', json: messageList } },
    async handle({ param, query }) {
      const { chat = null, before = null, after = null, type = null, cursor = null, ...rest } = query;
      const asked = { chat, before, after, type, cursor, ...rest };
      const { items, next } = await commands.conversations.messages(param('id'), asked);
      return json(200, { items: items.map(renderDetail), next });
    },
  }),
  route({
    ...read,
    path: `${base}/messages/{mid}`,
    tag: 'messages',
    summary: 'A message with its delivery state; `chat` where several messages have the id',
    query: messageQuery,
    answers: { 200: { about: 'The message', json: messageDetail } },
    async handle({ param, query }) {
      const found = await commands.conversations.message(param('id'), param('mid'), query.chat ?? null);
      if (!found) throw new AppError('not_found', `there is no message "${param('mid')}"`);
      return json(200, renderDetail(found));
    },
  }),
];

const chatReads = ({ commands }: FrontOptions): AnyRoute[] => [
  route({
    ...read,
    path: `${base}/chats`,
    tag: 'chats',
    summary: 'Lists chats, the one with the newest message first',
    query: pageQuery,
    answers: { 200: { about: 'Chats', json: chatList } },
    async handle({ param, query }) {
      const { items, next } = await commands.conversations.chats(
        param('id'),
        query.cursor ?? null,
        query.limit,
      );
      return json(200, { items: items.map(renderChat), next });
    },
  }),
  route({
    ...read,
    path: `${base}/chats/{chat}`,
    problems: ['not_found'],
    tag: 'chats',
    summary: 'A chat with its last message',
    answers: { 200: { about: 'The chat', json: chatSchema } },
    async handle({ param }) {
      const found = await commands.conversations.chat(param('id'), param('chat'));
      if (!found) throw new AppError('not_found', `there is no chat "${param('chat')}"`);
      return json(200, renderChat(found));
    },
  }),
];

const contactReads = ({ commands }: FrontOptions): AnyRoute[] => [
  route({
    ...read,
    path: `${base}/contacts`,
    tag: 'contacts',
    summary: 'Lists contacts',
    query: pageQuery,
    answers: { 200: { about: 'Contacts', json: contactList } },
    handle: async ({ param, query }) =>
      json(200, await commands.conversations.contacts(param('id'), query.cursor ?? null, query.limit)),
  }),
  route({
    ...read,
    path: `${base}/contacts/{address}`,
    problems: ['not_found'],
    tag: 'contacts',
    summary: 'A contact',
    answers: { 200: { about: 'The contact', json: contactSchema } },
    async handle({ param }) {
      const found = await commands.conversations.contact(param('id'), param('address'));
      if (!found) throw new AppError('not_found', `there is no contact "${param('address')}"`);
      return json(200, found);
    },
  }),
];

export const conversationRoutes = (options: FrontOptions): AnyRoute[] => [
  ...messageReads(options),
  ...chatReads(options),
  ...contactReads(options),
];

/**
 * What is done to a message after it was sent: edit, deletion, reaction, pin and forward are messages of their own,
 * queued and sent once under their id; a star and a deletion for this account alone are not.
 */
import { toFailure } from '../../errors.ts';
import { sendTimeoutMsDefault } from '../../limits.ts';
import type { Commands } from '../../protocol/commands.ts';
import type { MessageOperation, MessageOrder } from '../../protocol/conversations.ts';
import type { MessageContent, MessageView } from '../../protocol/message.ts';
import { json, noContent } from '../answer.ts';
import { renderMessage } from '../render.ts';
import { renderDetail } from '../render-conversation.ts';
import { type AnyRoute, type FrontOptions, type RouteInput, route } from '../route.ts';
import {
  deleteQuery,
  editInput,
  forwardInput,
  messageDetail,
  onInput,
  pinInput,
  reactionInput,
} from '../schemas/conversation.ts';
import { messageQuery, messageSchema } from '../schemas/message.ts';

type Query = { readonly chat?: string | undefined };
type Call<B> = RouteInput<Query, B>;

const path = '/v1/instances/{id}/messages/{mid}';
const common = { tag: 'messages', access: 'key', asksWhatsapp: true, idempotent: true } as const;
const sending = { ...common, limit: 'messages', sends: true } as const;

/** A file that WhatsApp has no more is uploaded again by the phone first, where the instance is connected. */
async function located(
  commands: Commands,
  instance: string,
  { content }: MessageOrder,
  input: { readonly messageId: string; readonly chat: string | null },
): Promise<MessageContent> {
  if (content.type !== 'forward' || !content.shown.media) return content;
  try {
    return { ...content, directPath: await commands.perform(instance, { kind: 'LocateMedia', input }) };
  } catch (error) {
    if (toFailure(error).code === 'instance_not_open') return content;
    throw error;
  }
}

/** The message that went out; null where there was nothing to do. */
async function sent<B>(
  commands: Commands,
  { param, query, messageId }: Call<B>,
  operation: MessageOperation,
  to?: string,
): Promise<MessageView | null> {
  const instance = param('id');
  const chat = query.chat ?? null;
  const order = await commands.conversations.order(instance, param('mid'), chat, operation);
  if (!order) return null;
  return commands.sendMessage(instance, {
    messageId,
    to: to ?? order.chat,
    content: await located(commands, instance, order, { messageId: param('mid'), chat }),
    quote: null,
    wait: 'server',
    timeoutMs: sendTimeoutMsDefault,
  });
}

const edit = (commands: Commands): AnyRoute =>
  route<Query, { text: string }>({
    ...sending,
    method: 'patch',
    path,
    summary: 'Edits a text or a caption of this account, within 15 minutes',
    query: messageQuery,
    body: editInput,
    answers: { 200: { about: 'The message as it stands now', json: messageDetail } },
    async handle(call) {
      const { param, query, body } = call;
      const { text } = body;
      await sent(commands, call, { kind: 'edit', text });
      const { view } = await commands.conversations.target(param('id'), param('mid'), query.chat ?? null);
      return json(200, renderDetail(view));
    },
  });

async function hide(commands: Commands, { param, query }: Call<unknown>): Promise<void> {
  const instance = param('id');
  const { key, chatId, view } = await commands.conversations.target(
    instance,
    param('mid'),
    query.chat ?? null,
  );
  const { chat, timestamp } = view;
  await commands.perform(instance, { kind: 'HideMessage', input: { key, chatId, chat, timestamp } });
}

const remove = (commands: Commands): AnyRoute =>
  route<Query & { for: 'everyone' | 'me' }, unknown>({
    ...sending,
    method: 'delete',
    path,
    summary: 'Deletes a message for everyone, or on this account alone (`for=me`)',
    query: deleteQuery,
    answers: { 204: { about: 'Deleted' } },
    async handle(call) {
      if (call.query.for === 'me') await hide(commands, call);
      else await sent(commands, call, { kind: 'delete' });
      return noContent;
    },
  });

const react = (commands: Commands): AnyRoute =>
  route<Query, { emoji: string }>({
    ...sending,
    method: 'put',
    path: `${path}/reaction`,
    summary: 'Reacts to a message; an empty emoji takes the reaction back',
    query: messageQuery,
    body: reactionInput,
    answers: { 204: { about: 'Sent' } },
    async handle(call) {
      await sent(commands, call, { kind: 'react', emoji: call.body.emoji });
      return noContent;
    },
  });

const pin = (commands: Commands): AnyRoute =>
  route<Query, { on: boolean; seconds: number }>({
    ...sending,
    method: 'put',
    path: `${path}/pin`,
    summary: 'Pins a message for everybody in its chat, or takes the pin off',
    query: messageQuery,
    body: pinInput,
    answers: { 204: { about: 'Sent' } },
    async handle(call) {
      const { on, seconds } = call.body;
      await sent(commands, call, { kind: 'pin', seconds: on ? seconds : null });
      return noContent;
    },
  });

const forward = (commands: Commands): AnyRoute =>
  route<Query, { to: string }>({
    ...sending,
    method: 'post',
    path: `${path}/forward`,
    summary: 'Sends a message once more in another chat, marked as forwarded',
    query: messageQuery,
    body: forwardInput,
    answers: { 201: { about: 'The new message', json: messageSchema } },
    async handle(call) {
      const made = await sent(commands, call, { kind: 'forward' }, call.body.to);
      return json(201, made && renderMessage(made));
    },
  });

const star = (commands: Commands): AnyRoute =>
  route<Query, { on: boolean }>({
    ...common,
    limit: 'global',
    method: 'put',
    path: `${path}/star`,
    summary: 'Stars a message on this account, or takes the star off',
    query: messageQuery,
    body: onInput,
    answers: { 204: { about: 'Starred, or not any more' } },
    async handle({ param, query, body }) {
      const instance = param('id');
      const found = await commands.conversations.target(instance, param('mid'), query.chat ?? null);
      const input = { key: found.key, chatId: found.chatId, isOn: body.on };
      await commands.perform(instance, { kind: 'StarMessage', input });
      return noContent;
    },
  });

export const messageOperationRoutes = ({ commands }: FrontOptions): AnyRoute[] =>
  [edit, remove, react, forward, star, pin].map((make) => make(commands));

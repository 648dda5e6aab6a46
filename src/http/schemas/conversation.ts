/** Kept messages, chats and contacts, as they are listed and shown. */
import { z } from '@hono/zod-openapi';
import { messageTextMaxChars } from '../../limits.ts';
import { emojiMaxChars, typeMaxChars } from '../limits.ts';
import { address, isoTime, orNull, pageCursor, pageLimit, pageOf, party } from './common.ts';
import { messageSchema } from './message.ts';

export const messageDetail = messageSchema
  .extend({
    editedAt: isoTime.nullable(),
    deletedAt: isoTime.nullable(),
    starred: z.boolean(),
    pinnedUntil: isoTime.nullable(),
    reactions: z.array(z.object({ from: party, emoji: z.string(), at: isoTime })),
    votes: z.array(z.object({ from: party, options: z.array(z.string()), at: isoTime })),
  })
  .openapi('MessageDetail');
export const messageList = pageOf(messageDetail);

const queryTime = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' });

export const messageListQuery = z.object({
  chat: address.optional(),
  before: queryTime.optional(),
  after: queryTime.optional(),
  type: z.string().min(1).max(typeMaxChars).optional(),
  order: z.enum(['newest', 'oldest']).default('newest'),
  limit: pageLimit,
  cursor: pageCursor,
});

export const pageQuery = z.object({ limit: pageLimit, cursor: pageCursor });

export const chatSchema = z
  .object({
    jid: z.string(),
    pn: z.string().nullable(),
    lid: z.string().nullable(),
    name: z.string().nullable(),
    timestamp: isoTime.nullable(),
    unreadCount: z.int(),
    unread: z.boolean(),
    archived: z.boolean(),
    pinned: z.boolean(),
    mutedUntil: isoTime.nullable(),
    ephemeralSeconds: z.int().nullable(),
    lastMessage: orNull(messageDetail),
  })
  .openapi('Chat');
export const chatList = pageOf(chatSchema);

export const contactSchema = z
  .object({
    jid: z.string(),
    pn: z.string().nullable(),
    lid: z.string().nullable(),
    name: z.string().nullable(),
    pushName: z.string().nullable(),
    businessName: z.string().nullable(),
  })
  .openapi('Contact');
export const contactList = pageOf(contactSchema);

export const editInput = z
  .strictObject({ text: z.string().min(1).max(messageTextMaxChars) })
  .openapi('EditInput', { example: { text: 'See you at nine.' } });

/** One emoji, or a pictograph without its variation selector. */
const isEmoji = (text: string): boolean => /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic})$/v.test(text);

export const reactionInput = z
  .strictObject({
    emoji: z
      .string()
      .max(emojiMaxChars)
      .refine((text) => text === '' || isEmoji(text), 'takes one emoji, or nothing')
      .openapi({ description: 'One emoji; empty takes the reaction back.', example: '👍' }),
  })
  .openapi('ReactionInput');
export const forwardInput = z.strictObject({ to: address }).openapi('ForwardInput');
export const onInput = z.strictObject({ on: z.boolean() });

/** What WhatsApp's apps offer. */
const pinSeconds = [86_400, 604_800, 2_592_000] as const;
export const pinInput = z
  .strictObject({
    on: z.boolean(),
    seconds: z
      .union(pinSeconds.map((seconds) => z.literal(seconds)))
      .default(604_800)
      .openapi({ description: 'For how long: a day, a week or a month.' }),
  })
  .openapi('PinInput', { example: { on: true } });
export const deleteQuery = z.object({
  chat: address.optional(),
  for: z.enum(['everyone', 'me']).default('everyone'),
});

/** Messages as they are sent and shown, and number checks. */
import { z } from '@hono/zod-openapi';
import {
  messageTextMaxChars,
  numbersPerCheckMax,
  sendTimeoutMsDefault,
  sendTimeoutMsMax,
  sendTimeoutMsMin,
} from '../../limits.ts';
import { messageStatuses, waitModes } from '../../protocol/message.ts';
import { mentionsMax, messageIdMaxChars } from '../limits.ts';
import { address, isoTime, orNull, party } from './common.ts';

export const textInput = z
  .strictObject({
    type: z.literal('text'),
    to: address,
    text: z.string().min(1).max(messageTextMaxChars),
    linkPreview: z.boolean().optional(),
    quote: z.string().min(1).max(messageIdMaxChars).optional(),
    mentions: z.union([z.literal('all'), z.array(address).max(mentionsMax)]).optional(),
    wait: z.enum(waitModes).default('server'),
    timeoutMs: z.int().min(sendTimeoutMsMin).max(sendTimeoutMsMax).default(sendTimeoutMsDefault),
  })
  .openapi('TextMessageInput');

/** Types of the contract that are not sent yet: 501 `not_supported`. */
const laterInput = z
  .looseObject({
    type: z.enum([
      'image',
      'video',
      'document',
      'audio',
      'voice',
      'video_note',
      'sticker',
      'location',
      'contact',
      'poll',
      'event',
      'list',
      'buttons',
    ]),
  })
  .openapi('OtherMessageInput', { description: 'Answers 501 `not_supported` for now.' });

export const messageInput = z.discriminatedUnion('type', [textInput, laterInput]).openapi('MessageInput');

const media = z.object({
  mimetype: z.string(),
  size: z.int().nullable(),
  sha256: z.string().nullable(),
  filename: z.string().nullable(),
  seconds: z.number().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});

const quote = z.object({
  id: z.string(),
  from: orNull(party),
  type: z.string(),
  text: z.string().nullable(),
});

export const messageError = z.object({
  code: z.string(),
  whatsappCode: z.int().nullable(),
  message: z.string(),
});

export const messageSchema = z
  .object({
    id: z.string(),
    instance: z.string(),
    chat: party,
    from: party,
    to: party,
    fromMe: z.boolean(),
    type: z.string(),
    text: z.string().nullable(),
    media: media.nullable(),
    quote: quote.nullable(),
    timestamp: isoTime,
    status: z.enum(messageStatuses),
    statusAt: isoTime,
    error: messageError.nullable(),
  })
  .openapi('Message');

export const messageQuery = z.object({ chat: address.optional() });

export const numbersInput = z.strictObject({ numbers: z.array(address).min(1).max(numbersPerCheckMax) });

export const numbersSchema = z
  .object({
    results: z.array(
      z.object({
        input: z.string(),
        exists: z.boolean(),
        jid: z.string().nullable(),
        pn: z.string().nullable(),
        lid: z.string().nullable(),
        cached: z.boolean(),
      }),
    ),
  })
  .openapi('NumberResults');
